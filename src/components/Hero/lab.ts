import type { CompiledLab } from '../../lab/protocol';

/** The landing page's world: a host, a namespace, and a cable that works. Nothing to solve. */
export const heroLab: CompiledLab = {
  id: 'hero',
  title: 'A host and a namespace',
  summary: 'One Linux host with a namespace on the other end of a cable.',
  kind: 'sandbox',
  minutes: 0,
  world: 'linux',
  seed: 'hero',
  setup: [
    {
      run: [
        'ip netns add c1',
        'ip link add veth1 type veth peer name eth0 netns c1',
        'ip addr add 172.30.0.1/24 dev veth1',
        'ip -n c1 addr add 172.30.0.11/24 dev eth0',
        'ip link set veth1 up',
        'ip -n c1 link set eth0 up',
        'ip -n c1 link set lo up',
      ].join('\n'),
    },
  ],
  places: [{ machine: 'host' }, { machine: 'host', netns: 'c1' }],
  tasks: [],
  // Shown until the world is up and reports its own state.
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
          { id: 'host/veth1', name: 'veth1', state: 'up', addresses: ['172.30.0.1/24'], mac: '', kind: 'veth' },
        ],
        routes: [],
        neighbours: [],
      },
      {
        id: 'host/c1',
        title: 'c1',
        kind: 'namespace',
        parent: 'host',
        ports: [
          {
            id: 'host/c1/lo',
            name: 'lo',
            state: 'up',
            addresses: ['127.0.0.1/8'],
            mac: '00:00:00:00:00:00',
            kind: 'loopback',
          },
          { id: 'host/c1/eth0', name: 'eth0', state: 'up', addresses: ['172.30.0.11/24'], mac: '', kind: 'veth' },
        ],
        routes: [],
        neighbours: [],
      },
    ],
    links: [{ from: 'host/veth1', to: 'host/c1/eth0', kind: 'veth', alive: true }],
  },
  fingerprint: 'hero-1',
};
