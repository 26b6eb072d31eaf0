import { useEffect, useMemo, useRef, type ReactNode } from 'react';
import clsx from 'clsx';
import type { JourneyStep } from '../../lab/journey/types';
import { Carried } from '../Topology/Token';
import { drawRoad, type Stop } from './road';
import styles from './styles.module.css';

function Glyph({
  step,
  stop,
  y,
  past,
  now,
}: {
  step: JourneyStep;
  stop: Stop;
  y: number;
  past: boolean;
  now: boolean;
}) {
  const { x } = stop;
  const state = clsx(step.died && now ? styles.gdied : now ? styles.gnow : past ? styles.gpast : styles.gnext);
  const drawn = step.died && now ? 'end' : step.kind;
  if (drawn === 'link') return <rect className={state} x={x - 6} y={y - 6} width="12" height="12" />;
  if (drawn === 'bridge') return <rect className={state} x={x - 18} y={y - 7} width="36" height="14" rx="2" />;
  if (step.died && now)
    return (
      <>
        <circle className={state} cx={x} cy={y} r="9" />
        <path className={styles.gcross} d={`M${x - 4} ${y - 4}l8 8m0 -8l-8 8`} />
      </>
    );
  return <circle className={state} cx={x} cy={y} r={now ? 7 : 6} />;
}

/** The way of a packet as one line through the stacks, with every decision on it. The list of steps says the same in text. */
export default function Road({
  steps,
  at,
  onStep,
}: {
  steps: readonly JourneyStep[];
  at: number;
  onStep: (step: number) => void;
}): ReactNode {
  const road = useMemo(() => drawRoad(steps), [steps]);
  const { y, stops } = road;
  const step = steps[at]!;
  const here = stops[at]!;
  const pane = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const { current } = pane;
    if (!current) return;
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    current.scrollTo({ left: here.x - current.clientWidth / 2, behavior: still ? 'auto' : 'smooth' });
  }, [here.x]);
  return (
    <div ref={pane} className={styles.road} role="group" tabIndex={0} aria-label="Road">
      <svg
        width={road.w}
        height={road.h}
        viewBox={`0 0 ${road.w} ${road.h}`}
        role="img"
        aria-label={`The road of the packet through ${[...new Set(steps.map((s) => s.where))].join(', ')}. It is in ${step.where}, at ${step.title}.`}
      >
        {road.stretches.map((s, i) => (
          <g key={i}>
            <rect
              className={s.machine ? styles.smachine : styles.sns}
              x={s.x}
              y="8"
              width={s.w}
              height={road.h - 16}
              rx="3"
            />
            {s.machine && <path className={styles.sbar} d={`M${s.x} 9h${s.w}`} />}
            <text className={styles.stitle} x={s.x + 12} y="30">
              {s.where}
            </text>
          </g>
        ))}
        <path className={styles.ahead} d={`M${stops[0]!.x} ${y}H${stops.at(-1)!.x}`} />
        <path className={styles.behind} d={`M${stops[0]!.x} ${y}H${here.x}`} />
        {stops.map((stop, i) => (
          <g key={i} className={clsx(styles.stop, i > at && styles.later)} onClick={() => onStep(i)}>
            <Glyph step={steps[i]!} stop={stop} y={y} past={i < at} now={i === at} />
            {stop.label.map((text, n) => (
              <text
                key={n}
                x={stop.door ? stop.x + 11 : stop.x}
                y={y + 26 + 14 * n}
                textAnchor={stop.door ? 'start' : 'middle'}
              >
                {text}
              </text>
            ))}
          </g>
        ))}
        <Carried spot={{ x: here.x, y: y - 5 }} layers={step.layers} died={step.died} cross={false} room={road.w} />
      </svg>
    </div>
  );
}
