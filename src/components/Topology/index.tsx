import { useMemo, type ReactNode } from 'react';
import clsx from 'clsx';
import type { Topology as Data, TopologyPort } from '../../lab/protocol';
import {
  describe,
  layout,
  portWords,
  shown,
  type BoxAt,
  type BridgeAt,
  type Detail,
  type PortAt,
  type SwitchAt,
} from './layout';
import Token, { type Travel } from './Token';
import styles from './styles.module.css';

function Square({ x, y, state }: { x: number; y: number; state: TopologyPort['state'] }): ReactNode {
  return (
    <g transform={`translate(${x - 5} ${y - 5})`}>
      <rect className={state === 'up' ? styles.up : styles.down} width="10" height="10" />
      {state === 'half' && <path className={styles.half} d="M0 10V0h5v10z" />}
      {state === 'down' && <path className={styles.slash} d="M0 10 10 0" />}
    </g>
  );
}

function Port({ at, full, member }: { at: PortAt; full: boolean; member: boolean }): ReactNode {
  const { port, x, y, anchor, inner } = at;
  const dir = anchor === 'start' ? 1 : -1;
  const textX = x + dir * (inner ? 14 : 16);
  // A port of a bridge has a line at its height, so its name stands above it.
  const nameY = member ? y - 8 : full ? y - 3 + (inner ? 7 : 0) : y + 22;
  const said = port.state === 'half' ? '' : port.state;
  return (
    <g>
      <Square x={x} y={y} state={port.state} />
      <text x={full ? textX : x - dir * -4} y={nameY} textAnchor={anchor} className={full ? styles.name : styles.mono}>
        {port.name}
        {full && said && !member && (port.state === 'down' || inner) && (
          <tspan className={styles.state} dx="8">
            {said}
          </tspan>
        )}
      </text>
      {full &&
        shown(port).map((address, i) => (
          <text
            key={address}
            x={textX}
            y={nameY + 17 + 16 * i}
            textAnchor={anchor}
            className={clsx(styles.mono, styles.dim)}
          >
            {address}
          </text>
        ))}
    </g>
  );
}

function Bridge({ at, full }: { at: BridgeAt; full: boolean }): ReactNode {
  const { port, x, top, bottom, anchor } = at;
  const textX = anchor === 'start' ? x : x + 14;
  const lines = full ? shown(port) : [];
  const nameY = top - 10 - 16 * lines.length;
  return (
    <g>
      {at.members.map((m) => (
        <path key={m.y} className={styles.inside} d={`M${anchor === 'start' ? x + 14 : x} ${m.y}H${m.x}`} />
      ))}
      <rect className={styles.br} x={x} y={top} width="14" height={bottom - top} rx="2" />
      <text x={textX} y={nameY} textAnchor={anchor} className={styles.name}>
        {port.name}
        {full && (
          <tspan className={styles.state} dx="8">
            bridge, {portWords(port)}
          </tspan>
        )}
      </text>
      {lines.map((address, i) => (
        <text
          key={address}
          x={textX}
          y={nameY + 17 + 16 * i}
          textAnchor={anchor}
          className={clsx(styles.mono, styles.dim)}
        >
          {address}
        </text>
      ))}
    </g>
  );
}

function Box({
  at,
  full,
  selected,
  onSelect,
}: {
  at: BoxAt;
  full: boolean;
  selected?: string;
  onSelect?: (id: string) => void;
}): ReactNode {
  const { box, x, y, w, h } = at;
  const ringed = at.ports.find((p) => p.port.id === selected);
  return (
    <g>
      <rect
        className={box.kind === 'machine' ? styles.machine : styles.ns}
        {...{ x, y, width: w, height: h, rx: 3 }}
        onClick={onSelect && (() => onSelect(box.id))}
      />
      {box.kind === 'machine' && <path className={styles.bar} d={`M${x} ${y + 1}h${w}`} />}
      {selected === box.id && (
        <rect className={styles.ring} {...{ x: x - 3, y: y - 3, width: w + 6, height: h + 6, rx: 5 }} />
      )}
      <text x={x + 12} y={y + 23} className={styles.title}>
        {box.title}
      </text>
      {at.sections.map((s) => (
        <g key={s.title}>
          <path className={styles.rule} d={`M${x + 14} ${s.y}h${w - 28}`} />
          <text x={x + 14} y={s.y + 18} className={styles.head}>
            {s.title}
          </text>
          {(s.lines.length > 0 ? s.lines : ['empty']).map((line, i) => (
            <text
              key={i}
              x={x + 14}
              y={s.y + 36 + 17 * i}
              className={clsx(styles.mono, s.lines.length === 0 && styles.dim)}
            >
              {line}
            </text>
          ))}
        </g>
      ))}
      {at.bridges.map((b) => (
        <Bridge key={b.port.id} at={b} full={full} />
      ))}
      {at.ports.map((p) => (
        <g key={p.port.id} onClick={onSelect && (() => onSelect(p.port.id))}>
          <Port at={p} full={full} member={p.port.master !== undefined} />
        </g>
      ))}
      {ringed && (
        <rect className={styles.ring} {...{ x: ringed.x - 9, y: ringed.y - 9, width: 18, height: 18, rx: 3 }} />
      )}
    </g>
  );
}

function Wire({ path, alive }: { path: string; alive: boolean }): ReactNode {
  return (
    <>
      <path className={clsx(styles.wire, !alive && styles.off)} d={path} />
      {alive && <path className={styles.wirein} d={path} />}
    </>
  );
}

function Switch({ at, full }: { at: SwitchAt; full: boolean }): ReactNode {
  const { lan, x, top, bottom } = at;
  return (
    <g>
      {at.ports.map((p) => (
        <Wire key={p.id} path={`M${x + 5} ${p.y}H${p.x}`} alive={p.alive} />
      ))}
      <rect className={styles.br} x={x} y={top} width="10" height={bottom - top} rx="2" />
      {full && (
        <text x={x + 14} y={top - 4} className={styles.head}>
          {lan.title}
        </text>
      )}
    </g>
  );
}

/** The picture of a world, drawn from its state. */
export default function Topology({
  data,
  detail = 'full',
  selected,
  onSelect,
  travel,
}: {
  data: Data;
  detail?: Detail;
  selected?: string;
  onSelect?: (id: string) => void;
  /** A packet on its way: the road it has come, and where it is. */
  travel?: Travel;
}): ReactNode {
  const full = detail !== 'compact';
  const walked = new Set(travel?.ports);
  const at = useMemo(() => layout(data, detail), [data, detail]);
  return (
    <svg
      className={clsx(styles.topo, onSelect && styles.pick)}
      viewBox={`0 0 ${at.w} ${at.h}`}
      // Text must not be scaled under 11 px, so the drawing has a smallest width and its pane scrolls.
      style={!full ? { maxWidth: at.w } : { minWidth: at.w * 0.92, maxWidth: at.w * 1.1 }}
      role="img"
      aria-label={describe(data)}
      data-testid="topology"
    >
      {at.links
        .filter((l) => walked.has(l.from) && walked.has(l.to))
        .map((l) => (
          <path key={`walked ${l.path}`} className={styles.walked} d={l.path} />
        ))}
      {at.switches.map((s) => {
        const used = s.ports.filter((p) => walked.has(p.id));
        return used.length < 2
          ? null
          : used.map((p) => <path key={p.id} className={styles.walked} d={`M${s.x + 5} ${p.y}H${p.x}`} />);
      })}
      {at.switches.map((s) => (
        <Switch key={s.lan.id} at={s} full={full} />
      ))}
      {at.links.map((l) => (
        <g key={l.path}>
          {l.kind === 'wire' ? (
            <Wire path={l.path} alive={l.alive} />
          ) : (
            <path className={clsx(styles.veth, !l.alive && styles.off)} d={l.path} />
          )}
          {l.label && (
            <text x={l.label.x} y={l.label.y} textAnchor="middle" className={styles.head}>
              no carrier
            </text>
          )}
        </g>
      ))}
      {at.boxes.map((b) => (
        <Box key={b.box.id} at={b} full={full} selected={selected} onSelect={onSelect} />
      ))}
      {travel && <Token travel={travel} at={at} />}
    </svg>
  );
}
