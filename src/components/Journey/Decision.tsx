import { Fragment, useEffect, useRef, type ReactNode } from 'react';
import clsx from 'clsx';
import type { Counterfactual, Evidence, Journey, JourneyStep } from '../../lab/journey/types';
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
  if (evidence.kind === 'entry')
    return (
      <>
        <h3>{evidence.title}</h3>
        <dl className={styles.entry}>
          {evidence.directions.map((d) => (
            <div key={d.name}>
              <dt>{d.name}</dt>
              <dd>
                {d.parts.map((p, i) => (
                  <span key={i}>
                    {i > 0 && ' '}
                    {p.marked ? <b>{p.text}</b> : p.text}
                  </span>
                ))}
              </dd>
            </div>
          ))}
        </dl>
      </>
    );
  return (
    <>
      <h3>The rules it met</h3>
      <ol className={styles.rules}>
        {evidence.rules.map((rule, i) => (
          <li
            key={i}
            className={clsx(rule.decided && (died ? styles.hitBad : styles.hit), rule.passed && styles.nomatch)}
          >
            <span>{rule.number === 0 ? '' : rule.number}</span>
            <code>
              {rule.text.split(' ').map((word, n) => (
                <Fragment key={n}>
                  {n > 0 && ' '}
                  <span className={word.length < 28 ? styles.word : undefined}>{word}</span>
                </Fragment>
              ))}
            </code>
            <span>{rule.verdict}</span>
          </li>
        ))}
      </ol>
    </>
  );
}

function Lived({ session, packet }: { session: Session; packet: number }): ReactNode {
  const tried = useWhatIf(session, packet, true);
  if (tried === null) return <p role="status">Trying changes in a copy of the world.</p>;
  const saved = tried.filter((t) => t.lived);
  const short = tried.filter((t) => !t.lived);
  return (
    <>
      {saved.length > 0 && <h3>It would have lived</h3>}
      <Tried tried={saved} name="lived" />
      {short.length > 0 && <h3>Not enough by itself</h3>}
      <Tried tried={short} name="short" />
      {tried.length > 0 && (
        <p className={styles.how}>Each was tried in a copy of this world, with the same commands.</p>
      )}
    </>
  );
}

function Tried({ tried, name }: { tried: readonly Counterfactual[]; name: string }): ReactNode {
  if (tried.length === 0) return null;
  return (
    <ul className={styles.lived} data-testid={name}>
      {tried.map((t) => (
        <li key={t.change.text}>
          <Mark state={t.lived ? 'done' : 'dead'} />
          <span>
            if <InlineCode text={t.change.text} />. <InlineCode text={t.outcome} />
          </span>
        </li>
      ))}
    </ul>
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
  const { steps, summary, death, answerDied } = journey;
  const pane = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const { current } = pane;
    if (!current) return;
    current.scrollTop = 0;
    // The pane that scrolls on the phone.
    if (current.parentElement) current.parentElement.scrollTop = 0;
  }, [at, journey.summary.id]);
  const step: JourneyStep = steps[at]!;
  const last = at === steps.length - 1;
  const unanswered = summary.verdict === 'delivered' && summary.reply === undefined && summary.request === undefined;
  return (
    <div
      ref={pane}
      className={styles.why}
      role="region"
      tabIndex={0}
      aria-label="Decision"
      aria-live="polite"
      data-testid="decision"
    >
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
              The kernel calls the reason <code>{death.reason}</code>
              {death.function?.includes('_') && (
                <>
                  {' '}
                  (in <code>{death.function}</code>)
                </>
              )}
              .
            </p>
          )}
          <h3>What the sender sees</h3>
          <p>
            <InlineCode text={death.told} />
          </p>
        </>
      )}
      {last && answerDied && (
        <>
          <h3>The answer died</h3>
          <p>
            <InlineCode text={answerDied} />
          </p>
        </>
      )}
      {last && (death || answerDied || unanswered || summary.verdict === 'open') && (
        <Lived key={summary.id} session={session} packet={summary.id} />
      )}
    </div>
  );
}
