import type { ReactNode } from 'react';
import clsx from 'clsx';
import styles from './styles.module.css';

/** A protocol layer as the strip draws it. Unknown layers are drawn as data. */
export type Layer = 'eth' | 'ip' | 'tcp' | 'udp' | 'icmp' | 'arp' | 'dns' | 'http' | 'vxlan' | 'data';

const labels: Record<Layer, string> = {
  eth: 'ETH',
  ip: 'IP',
  tcp: 'TCP',
  udp: 'UDP',
  icmp: 'ICMP',
  arp: 'ARP',
  dns: 'DNS',
  http: 'HTTP',
  vxlan: 'VXLAN',
  data: 'data',
};

/** The packet itself: its layers in the order of the bytes. `changed`: the layers that this hop rewrote, by name or place. */
export default function Strip({
  layers,
  changed = [],
  small,
}: {
  layers: readonly Layer[];
  changed?: readonly (Layer | number)[];
  small?: boolean;
}): ReactNode {
  return (
    <span className={clsx(styles.strip, small && styles.sm)}>
      {layers.map((layer, i) => (
        <span
          key={i}
          className={clsx(
            styles.seg,
            styles[layer],
            (changed.includes(layer) || changed.includes(i)) && styles.changed,
          )}
        >
          {labels[layer]}
        </span>
      ))}
    </span>
  );
}
