import type { ReactNode } from 'react';
import clsx from 'clsx';
import type { JourneyStep } from '../../lab/journey/types';
import Strip from '../Strip';
import styles from './styles.module.css';

/** The packet's headers after a step: what it changed, struck through and new. */
export default function Headers({ step }: { step: JourneyStep }): ReactNode {
  const isChanged = (h: JourneyStep['headers'][number]): boolean =>
    h.added === true || h.fields.some((f) => f.before !== undefined);
  const changed = step.headers.flatMap((h, i) => (isChanged(h) ? [i] : []));
  const fields = step.headers.reduce((n, h) => n + h.fields.filter((f) => f.before !== undefined).length, 0);
  return (
    <div className={styles.hdr} role="group" aria-label="Headers" tabIndex={0} data-testid="headers">
      <p className={styles.frame}>
        <Strip layers={step.layers} changed={changed} />
        <span>
          {step.bytes} bytes{fields > 0 && `, ${fields} ${fields === 1 ? 'field' : 'fields'} changed here`}
        </span>
      </p>
      {step.headers.map((header, i) => (
        <section key={i}>
          <h3>
            <Strip layers={[header.layer]} small /> {header.title}
            {header.added && <span className={styles.added}> added</span>}
          </h3>
          <dl>
            {header.fields.map((field, j) => (
              <div
                key={j}
                className={clsx((field.before !== undefined || (step.died && field.decides)) && styles.changed)}
              >
                <dt>{field.name}</dt>
                <dd>
                  {field.before !== undefined && <s>{field.before}</s>}{' '}
                  {field.before !== undefined ? <b>{field.value}</b> : field.value}
                </dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </div>
  );
}
