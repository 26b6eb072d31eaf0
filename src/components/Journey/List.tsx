import { useState, type ReactNode } from 'react';
import type { JourneyList, JourneySummary } from '../../lab/journey/types';
import Strip from '../Strip';
import styles from './styles.module.css';

function time(micros: number): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  const s = micros / 1e6;
  return `${two(Math.floor(s / 60))}:${two(Math.floor(s) % 60)}.${String(Math.floor((s % 1) * 1000)).padStart(3, '0')}`;
}

const verdictWords = { delivered: 'Delivered', died: 'Died', open: 'Under way', gone: 'Unanswered' } as const;

function Row({ packet, onPacket }: { packet: JourneySummary; onPacket: (id: number) => void }): ReactNode {
  return (
    <li className={packet.request === undefined ? undefined : styles.reply}>
      <button type="button" onClick={() => onPacket(packet.id)} data-testid="packet">
        <span className={styles.time}>{time(packet.at)}</span>
        <Strip layers={packet.layers} small />
        <span className={styles.what}>
          <span className={styles.mono}>
            {packet.from} → {packet.to}
          </span>
          <span>{packet.what}</span>
        </span>
        <span className={packet.verdict === 'died' ? styles.bad : styles.outcome}>
          <b>{verdictWords[packet.verdict]}</b> {packet.outcome.replace(/^(delivered|died|under way,?) ?/, '')}
        </span>
      </button>
    </li>
  );
}

/** All packets, oldest first. What the kernels send on their own is left out until asked for. */
export default function List({
  list,
  onPacket,
}: {
  list: JourneyList | undefined;
  onPacket: (id: number) => void;
}): ReactNode {
  const [all, setAll] = useState(false);
  if (!list)
    return (
      <p className={styles.empty} role="status">
        Looking for the packets that were sent.
      </p>
    );
  const traffic = list.packets.filter((p) => p.role === 'traffic');
  const shown = all ? list.packets : traffic;
  const hidden = list.packets.length - traffic.length;
  return (
    <div className={styles.list}>
      {list.packets.length === 0 && <p className={styles.empty}>Nothing has been sent yet. Try ping.</p>}
      {list.packets.length > 0 && (
        <p className={styles.filter}>
          <label>
            <input type="checkbox" checked={all} onChange={(e) => setAll(e.target.checked)} /> Show address resolution
            and what the kernels send on their own ({hidden})
          </label>
          {list.forgotten > 0 && <span>{list.forgotten} older packets are not kept.</span>}
        </p>
      )}
      <ol>
        {shown.map((p) => (
          <Row key={p.id} packet={p} onPacket={onPacket} />
        ))}
      </ol>
    </div>
  );
}
