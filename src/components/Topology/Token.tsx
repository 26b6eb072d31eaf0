import type { ReactNode } from 'react';
import type { JourneyLayer } from '../../lab/journey/types';
import type { Layout } from './layout';
import styles from './styles.module.css';

/** A packet on its way through the picture. */
export interface Travel {
  /** Ids of the ports that it has passed. */
  readonly ports: readonly string[];
  /** Id of the port, or the box, that it is at. */
  readonly at: string;
  readonly layers: readonly JourneyLayer[];
  readonly died?: boolean;
}

const height = 18;
const pad = 4;

const width = (layer: JourneyLayer): number => 12 + layer.length * 7;

/** The packet where it is in the picture. */
export default function Token({ travel, at }: { travel: Travel; at: Layout }): ReactNode {
  const spot = find(travel.at, at);
  return spot ? <Carried spot={spot} layers={travel.layers} died={travel.died} room={at.w} /> : null;
}

/** The packet as a strip in a marker frame, with a pointer to `spot`. @param room width of the drawing */
export function Carried({
  spot,
  layers,
  died,
  cross = died,
  room,
}: {
  spot: { x: number; y: number };
  layers: readonly JourneyLayer[];
  died?: boolean;
  /** A cross at the spot itself. */
  cross?: boolean;
  room: number;
}): ReactNode {
  const w = layers.reduce((n, l) => n + width(l), 0) + 2 * pad;
  // The strip stays inside of the drawing; its pointer does not move with it.
  const left = Math.min(Math.max(2, spot.x - w / 2), Math.max(2, room - w - 2));
  const below = spot.y < height + 2 * pad + 14;
  const top = below ? 12 : -(height + 2 * pad + 12);
  const frame = died ? styles.deadframe : styles.frame;
  const from = layers.map((_, i) => left - spot.x + pad + layers.slice(0, i).reduce((n, l) => n + width(l), 0));
  return (
    <g className={styles.token} style={{ transform: `translate(${spot.x}px, ${spot.y}px)` }} aria-hidden="true">
      <path className={frame} d={below ? 'M-7 13 0 4 7 13z' : 'M-7 -13 0 -4 7 -13z'} />
      <rect className={frame} x={left - spot.x} y={top} width={w} height={height + 2 * pad} rx="2" />
      {layers.map((layer, i) => {
        const x = from[i]!;
        return (
          <g key={i}>
            <rect
              x={x}
              y={top + pad}
              width={width(layer)}
              height={height}
              style={{ fill: `var(--ftp-l-${layer})`, stroke: 'var(--ftp-on-marker)' }}
            />
            <text
              className={styles.seg}
              x={x + width(layer) / 2}
              y={top + pad + 13}
              textAnchor="middle"
              style={{ fill: `var(--ftp-l-${layer}-on)` }}
            >
              {layer === 'data' ? layer : layer.toUpperCase()}
            </text>
          </g>
        );
      })}
      {cross && <path className={styles.cross} d="M-6 -6 6 6M6 -6-6 6" />}
    </g>
  );
}

function find(id: string, at: Layout): { x: number; y: number } | undefined {
  for (const box of at.boxes) {
    const port = box.ports.find((p) => p.port.id === id);
    if (port) return port;
    const bridge = box.bridges.find((b) => b.port.id === id);
    if (bridge) return { x: bridge.x + 7, y: bridge.top };
  }
  const box = at.boxes.find((b) => b.box.id === id);
  return box && { x: box.x + box.w / 2, y: box.y + 20 };
}
