import type { ReactNode } from 'react';
import clsx from 'clsx';
import type { Evidence, Journey, JourneyStep } from '../../lab/journey/types';
import type { Session } from '../../hooks/session';
import { Button } from '../Button';
import InlineCode from '../InlineCode';
import Mark from '../Mark';
import { useWhatIf } from './useJourneys';
import styles from './styles.module.css';

function Proof({ evidence, died }: { evidence: Evidence; died: boolean }): ReactNode {
  if (evidence.kind === 'lines')
    return (
      <>
        <h3>{evidence.title}</h3>
        <pre tabIndex={0}>{evidence.lines.join('\n')}</pre>
      </>
    );
  return (
    <>
      <h3>The rules it met</h3>
      <ol className={styles.rules}>
        {evidence.rules.map((rule, i) => (
          <li key={i} className={clsx(rule.decided && (died ? styles.hitBad : styles.hit))}>
            <span>{rule.number === 0 ? '' : rule.number}</span>
            <code>{rule.text}</code>
            <span>{rule.decided && died ? `${rule.verdict}, dropped` : rule.verdict}</span>
          </li>
        ))}
      </ol>
    </>
  );
}

function Lived({ session, packet }: { session: Session; packet: number }): ReactNode {
  const tried = useWhatIf(session, packet, true);
  if (tried === null) return <p role="status">Trying changes in a copy of the world.</p>;
  if (tried.length === 0) return null;
  return (
    <>
      <h3>It would have lived</h3>
      <ul className={styles.lived} data-testid="lived">
        {tried.map((t) => (
          <li key={t.change.text}>
            <Mark state={t.lived ? 'done' : 'dead'} />
            <span>
              {t.lived ? 'if ' : 'not if '}
              <InlineCode text={t.change.text} />. <InlineCode text={t.outcome} />
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

/** What one step decided, by what, and at the end of a road that was cut short, why. */
export default function Decision({
  session,
  journey,
  at,
  onPacket,
}: {
  session: Session;
  journey: Journey;
  at: number;
  onPacket: (packet: number) => void;
}): ReactNode {
  const { steps, summary, death } = journey;
  const step: JourneyStep = steps[at]!;
  const last = at === steps.length - 1;
  const unanswered = summary.verdict === 'delivered' && summary.reply === undefined && summary.request === undefined;
  return (
    <div className={styles.why} aria-live="polite" data-testid="decision">
      <p className={styles.where}>
        Step {at + 1} of {steps.length}, {step.where}, {step.title}. {step.died && <b>The packet died here.</b>}
      </p>
      <h2>
        <InlineCode text={step.sentence} />
      </h2>
      {step.evidence.map((e, i) => (
        <Proof key={i} evidence={e} died={step.died === true} />
      ))}
      {step.more && (
        <p>
          <InlineCode text={step.more} />
        </p>
      )}
      {step.side !== undefined && (
        <p>
          <Button size="sm" onClick={() => onPacket(step.side!)}>
            Follow the question
          </Button>
        </p>
      )}
      {last && death && (
        <>
          {death.reason && (
            <p>
              The kernel calls the reason <code>{death.reason}</code>.
            </p>
          )}
          <h3>What the sender sees</h3>
          <p>
            <InlineCode text={death.told} />
          </p>
        </>
      )}
      {last && (death || unanswered || summary.verdict === 'open') && (
        <Lived key={summary.id} session={session} packet={summary.id} />
      )}
    </div>
  );
}
