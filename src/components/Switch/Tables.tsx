import type { ReactNode } from 'react';
import type { SwitchStep, SwitchView } from '../../lab/switch-view';
import { nextHop, senderOf, use, type Layer } from './say';
import styles from './styles.module.css';

/** The table that decides: the bridge's, or that of the sender. */
export default function Tables({
  view,
  step,
  layer,
}: {
  view: SwitchView;
  step: SwitchStep | undefined;
  layer: Layer;
}): ReactNode {
  const frame = step?.kind === 'frame' ? step : undefined;
  // As many lines as there ever are, so that nothing below moves.
  const room = Math.max(1, ...view.steps.flatMap((s) => [s.table.length, s.neighbours.length]));
  const who = senderOf(view, step);
  const [title, heads, rows] =
    layer === 'mac'
      ? ([
          `Forwarding database of ${view.bridge}`,
          ['MAC address', 'Port', 'Age', 'Now'],
          (step?.table ?? view.start).map((e) => [e.mac, e.port, `${e.age} s`, frame ? use(frame, e.mac) : '']),
        ] as const)
      : ([
          `Neighbour table of ${who}`,
          ['IP address', 'MAC address', 'State', 'Now'],
          (step?.neighbours ?? []).map((n) => [
            n.address,
            n.mac ?? 'none yet',
            n.state,
            frame && n.address === (nextHop(frame) ?? frame.ip.dst) ? 'used' : '',
          ]),
        ] as const);
  return (
    <table className={styles.table} data-testid="switch-table">
      <caption>{title}</caption>
      <thead>
        <tr>
          {heads.map((h) => (
            <th key={h} scope="col">
              {h}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row[0]} className={row[3] === 'learned' ? styles.new : row[3] ? styles.used : undefined}>
            {row.map((cell, i) => (
              <td key={i}>{cell}</td>
            ))}
          </tr>
        ))}
        {Array.from({ length: room - rows.length }, (_, i) => (
          <tr key={`free ${i}`}>
            <td colSpan={4}>{i === 0 && rows.length === 0 ? 'empty' : '\u00a0'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
