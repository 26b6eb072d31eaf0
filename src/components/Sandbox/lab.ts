import type { CompiledLab } from '../../lab/protocol';

/** The free world: one Linux host, nothing on it, nothing to solve. */
export const sandboxLab: CompiledLab = {
  id: 'sandbox',
  title: 'One Linux host',
  summary: 'One Linux host with nothing on it yet.',
  kind: 'sandbox',
  minutes: 0,
  world: 'linux',
  seed: 'sandbox',
  setup: [],
  places: [{ machine: 'host' }],
  tasks: [],
  topology: {
    boxes: [
      {
        id: 'host',
        title: 'host',
        kind: 'machine',
        ports: [
          {
            id: 'host/lo',
            name: 'lo',
            state: 'up',
            addresses: ['127.0.0.1/8'],
            mac: '00:00:00:00:00:00',
            kind: 'loopback',
          },
        ],
        routes: [],
        neighbours: [],
      },
    ],
    links: [],
  },
  fingerprint: 'sandbox-1',
};
