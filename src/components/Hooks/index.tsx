import { useId, useState, type ReactNode } from 'react';
import clsx from 'clsx';
import Figure from '../Figure';
import { NAMES, PATHS, type Station } from './paths';
import styles from './styles.module.css';

/** Stations in reading order; the style sheet places them. */
const STATIONS: readonly Station[] = [
  'prerouting',
  'routing-in',
  'forward',
  'input',
  'program',
  'routing-out',
  'output',
  'postrouting',
];

/** Netfilter's hooks, and the way of a chosen packet through them. */
export default function Hooks(): ReactNode {
  const name = useId();
  const [chosen, choose] = useState(PATHS[0]?.id);
  const path = PATHS.find((p) => p.id === chosen);
  return (
    <Figure
      caption={
        <>
          Five hooks, three ways: to the host, from the host, through the host. Marked: what was rewritten at that stop.
        </>
      }
    >
      <fieldset className={styles.choice}>
        <legend>Which packet?</legend>
        {PATHS.map((p) => (
          <label key={p.id}>
            <input type="radio" name={name} checked={p.id === chosen} onChange={() => choose(p.id)} />
            {p.name}
          </label>
        ))}
      </fieldset>
      <div className={styles.map} aria-hidden="true">
        {STATIONS.map((s) => {
          const at = path?.stops.findIndex((stop) => stop.at === s) ?? -1;
          return (
            <span key={s} className={clsx(styles.station, styles[s], at >= 0 && styles.on)}>
              {at >= 0 && <b>{at + 1}</b>}
              {NAMES[s]}
            </span>
          );
        })}
      </div>
      <ol className={styles.stops} aria-live="polite">
        {path?.stops.map((stop, i) => {
          const before = path.stops[i - 1];
          return (
            <li key={stop.at}>
              <strong>{NAMES[stop.at]}</strong>
              <span className={styles.addresses}>
                <span className={clsx(before && before.src !== stop.src && styles.changed)}>{stop.src}</span>
                {' → '}
                <span
                  className={clsx((before ? before.dst !== stop.dst : stop.note.startsWith('DNAT')) && styles.changed)}
                >
                  {stop.dst}
                </span>
              </span>
              <span className={styles.note}>{stop.note}</span>
            </li>
          );
        })}
      </ol>
    </Figure>
  );
}
