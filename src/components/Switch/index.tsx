import { useId, useState, type KeyboardEvent, type ReactNode } from 'react';
import clsx from 'clsx';
import type { SwitchView } from '../../lab/switch-view';
import { Button } from '../Button';
import Figure from '../Figure';
import Icon from '../Icon';
import InlineCode from '../InlineCode';
import Strip from '../Strip';
import Stage from './Stage';
import Tables from './Tables';
import { explain, headline, type Layer } from './say';
import styles from './styles.module.css';

const LAYERS: readonly { id: Layer; name: string }[] = [
  { id: 'mac', name: 'MAC addresses' },
  { id: 'ip', name: 'IP addresses' },
];

/**
 * A bridge, frame by frame: who sent it, what the bridge learned from it, by which ports it left. What is shown was recorded
 * in the lab's world when the site was built (src/plugin/switch.ts). Arrow keys, Home and End step, as in a packet's journey.
 */
export default function Switch({ data }: { data: SwitchView }): ReactNode {
  const name = useId();
  const [layer, setLayer] = useState<Layer>('mac');
  // 0 is the state before the first frame.
  const [at, setAt] = useState(0);
  const last = data.steps.length;
  const step = data.steps[at - 1];
  const go = (to: number): void => setAt(Math.min(Math.max(to, 0), last));

  const key = (e: KeyboardEvent): void => {
    // The arrow keys of a group of radio buttons are the browser's.
    if (e.target instanceof HTMLInputElement || e.altKey || e.ctrlKey || e.metaKey) return;
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: last }[e.key];
    if (to === undefined) return;
    e.preventDefault();
    go(to);
  };

  return (
    <Figure
      className={styles.switch}
      onKeyDown={key}
      data-testid="switch"
      caption={
        <>
          Recorded frame by frame in the simulated {data.machine}. The bridge decides by MAC addresses; whose they are
          was decided before, by the sender, by IP address.
        </>
      }
    >
      <div className={styles.bar}>
        <fieldset className={styles.layer}>
          <legend className="ftp-sr">Show</legend>
          {LAYERS.map((l) => (
            <label key={l.id} className={clsx(l.id === layer && styles.on)}>
              <input type="radio" name={name} checked={l.id === layer} onChange={() => setLayer(l.id)} />
              {l.name}
            </label>
          ))}
        </fieldset>
        <div className={styles.steps} role="group" aria-label="Steps">
          {/* Never disabled: focus must not get lost at either end. */}
          <Button size="sm" aria-disabled={at === 0} onClick={() => go(at - 1)}>
            <Icon name="back" />
            Back
          </Button>
          <Button size="sm" kind="primary" aria-disabled={at === last} onClick={() => go(at + 1)}>
            {at === 0 ? 'First frame' : 'Next'}
            <Icon name="next" />
          </Button>
        </div>
      </div>
      <ol className={styles.script} aria-label="What is done">
        {data.script.map((line, i) => (
          <li key={i} aria-current={i === step?.line ? 'step' : undefined}>
            {line}
          </li>
        ))}
      </ol>
      <Stage view={data} step={step} at={at} layer={layer} />
      <div className={styles.said} role="status" data-testid="switch-said">
        <p className={styles.head}>
          <span className={styles.count}>
            {at} of {last}
          </span>
          <b>{headline(step)}</b>
          {step?.kind === 'frame' && <Strip layers={step.layers} small />}
        </p>
        {step?.kind === 'frame' && (
          <dl className={styles.addresses}>
            <div className={clsx(layer === 'mac' && styles.read)}>
              <dt>MAC</dt>
              <dd>
                {step.src} → {step.dst}
              </dd>
            </div>
            <div className={clsx(layer === 'ip' && styles.read)}>
              <dt>IP</dt>
              <dd>
                {step.ip.src} → {step.ip.dst}
              </dd>
            </div>
          </dl>
        )}
        <p>
          <InlineCode text={explain(data, step, layer)} />
        </p>
      </div>
      <Tables view={data} step={step} layer={layer} />
    </Figure>
  );
}
