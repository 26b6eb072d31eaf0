import { useId, useState, type ReactNode } from 'react';
import clsx from 'clsx';
import Figure from '../Figure';
import { coat } from './headers';
import styles from './styles.module.css';

/** Wires that people have: the least that IPv6 allows, a cloud's, Ethernet, a cloud's inner network, jumbo frames. */
const WIRES = [1280, 1460, 1500, 8500, 9000] as const;

/** A packet in a tunnel, header by header, and what the wire's MTU leaves for it. */
export default function Coats(): ReactNode {
  const id = useId();
  const [at, setAt] = useState<number>(WIRES.indexOf(1500));
  const mtu = WIRES[at] ?? 1500;
  const { headers, overhead, inner, data } = coat(mtu);
  return (
    <Figure
      polite
      caption={
        <>
          On a wire of {mtu} bytes the tunnel’s MTU is {mtu} − {overhead} = <b>{inner}</b>, and the largest echo request
          that passes uncut is <code>ping -s {data}</code>. The outer Ethernet header is not counted: an MTU measures
          the packet in the frame.
        </>
      }
    >
      <ol className={styles.row} aria-label="Headers in the order of the bytes">
        {headers.map((h) => (
          <li key={h.name} className={clsx(styles.seg, styles[h.layer], styles[`in-${h.part}`])}>
            <span className={styles.name}>{h.name}</span>
            <span className={styles.bytes}>{h.bytes}</span>
          </li>
        ))}
      </ol>
      <div className={styles.brackets} aria-hidden="true">
        <span className={styles.coat}>the coat: {overhead}</span>
        <span className={styles.inner}>the packet of the container: {inner}</span>
      </div>
      <div className={styles.control}>
        <label htmlFor={id}>MTU of the wire</label>
        <input
          id={id}
          type="range"
          min={0}
          max={WIRES.length - 1}
          value={at}
          aria-valuetext={`${mtu} bytes`}
          onChange={(e) => setAt(Number(e.target.value))}
        />
        <output htmlFor={id}>{mtu}</output>
      </div>
    </Figure>
  );
}
