import type { ReactNode } from 'react';
import type { Topology, TopologyBox } from '../../lab/protocol';
import { portWords } from '../Topology/layout';
import styles from './styles.module.css';

function Lines({ title, lines }: { title: string; lines: readonly string[] }): ReactNode {
  return (
    <>
      <h3>{title}</h3>
      {lines.length === 0 ? <p className={styles.none}>empty</p> : <pre tabIndex={0}>{lines.join('\n')}</pre>}
    </>
  );
}

/** What the selected machine, namespace or interface holds, in words. */
export default function Inspector({
  topology,
  selected,
  onSelect,
}: {
  topology: Topology;
  selected: string;
  onSelect: (id: string) => void;
}): ReactNode {
  const find = (): { box: TopologyBox; port?: TopologyBox['ports'][number] } | undefined => {
    for (const box of topology.boxes) {
      if (box.id === selected) return { box };
      const port = box.ports.find((p) => p.id === selected);
      if (port) return { box, port };
    }
    return topology.boxes[0] && { box: topology.boxes[0] };
  };
  const found = find();
  if (!found) return null;
  const { box, port } = found;
  const naming = (line: string): boolean => port !== undefined && line.split(/\s+/).includes(port.name);
  const peer = port && topology.links.find((l) => l.from === port.id || l.to === port.id);
  const peerId = peer && (peer.from === port.id ? peer.to : peer.from);
  const peerBox = topology.boxes.find((b) => b.ports.some((p) => p.id === peerId));
  const peerPort = peerBox?.ports.find((p) => p.id === peerId);
  return (
    <aside className={styles.insp} aria-label="Inspector">
      <label className={styles.pick}>
        <span>Look at</span>
        <select value={port?.id ?? box.id} onChange={(e) => onSelect(e.target.value)}>
          {topology.boxes.map((b) => (
            <optgroup key={b.id} label={b.title}>
              <option value={b.id}>{b.title}</option>
              {b.ports.map((p) => (
                <option key={p.id} value={p.id}>
                  {p.name} on {b.title}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
      </label>
      <h2>{port?.name ?? box.title}</h2>
      <p className={styles.sub}>
        {port
          ? `${port.kind}, ${portWords(port)}, on ${box.title}${peerPort && peerBox ? `, joined to ${peerPort.name} in ${peerBox.title}` : ''}`
          : box.kind === 'machine'
            ? `machine, ${box.ports.length} interfaces`
            : `network namespace, ${box.ports.length} interfaces`}
      </p>
      {port ? (
        <>
          <Lines title="Addresses" lines={port.addresses} />
          {port.mac && <Lines title="MAC" lines={[port.mac]} />}
          <Lines title={`Routes through ${port.name}`} lines={box.routes.filter(naming)} />
          <Lines title={`Neighbours on ${port.name}`} lines={box.neighbours.filter(naming)} />
        </>
      ) : (
        <>
          <Lines
            title="Interfaces"
            lines={box.ports.map((p) => `${p.name.padEnd(12)} ${p.state === 'half' ? 'up, no carrier' : p.state}`)}
          />
          <Lines title="Routes" lines={box.routes} />
          <Lines title="Neighbours" lines={box.neighbours} />
        </>
      )}
    </aside>
  );
}
