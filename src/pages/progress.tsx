import { useRef, useState, type ReactNode } from 'react';
import clsx from 'clsx';
import Link from '@docusaurus/Link';
import Layout from '@theme/Layout';
import { Button, ButtonLink } from '../components/Button';
import Icon from '../components/Icon';
import Mark from '../components/Mark';
import { chapterPath, chapters, firstWritten, parts, type Chapter } from '../course';
import { labState, objectiveState, type Progress } from '../hooks/progressData';
import { useObjectives, type ObjectivesByChapter } from '../hooks/useObjectives';
import { chapterState, dueReviews } from '../hooks/useChapterState';
import { eraseSessions } from '../hooks/savedSession';
import { progressStore, useProgress } from '../hooks/useProgress';
import styles from './progress.module.css';

const small = ['No', 'One', 'Two', 'Three', 'Four', 'Five', 'Six', 'Seven', 'Eight', 'Nine', 'Ten'];

function count(n: number, one: string, many: string): string {
  return `${small[n] ?? n} ${n === 1 ? one : many}`;
}

/** The sentence at the top: what is done and where the reader is. */
function summary(progress: Progress, byChapter: ObjectivesByChapter): string {
  const states = Object.entries(byChapter).flatMap(([n, list]) =>
    list.map((o) => objectiveState(progress, Number(n), o.by)),
  );
  const met = states.filter((s) => s === 'done').length;
  const labs = chapters.flatMap((c) => c.labs).filter((l) => labState(progress, l.id) === 'done').length;
  const last = lastRead(progress);
  if (!last && labs === 0) return 'Nothing yet. The first lab is about ten minutes away.';
  const where = last ? ` You were last in chapter ${last.n}.` : '';
  return `${count(labs, 'lab', 'labs')} finished, ${met} of ${states.length} objectives met.${where}`;
}

function lastRead(progress: Progress): Chapter | undefined {
  const newest = Object.entries(progress.chapters).sort((a, b) => Date.parse(b[1]) - Date.parse(a[1]))[0];
  return newest && chapters.find((c) => String(c.n) === newest[0] && c.written);
}

function day(iso: string | undefined): string {
  if (iso === undefined) return '';
  const date = new Date(iso);
  return date.toDateString() === new Date().toDateString()
    ? 'today'
    : date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
}

function Row({ chapter, here }: { chapter: Chapter; here: boolean }): ReactNode {
  const { progress, now } = useProgress();
  const objectives = useObjectives()[chapter.n] ?? [];
  const met = objectives.map((o) => objectiveState(progress, chapter.n, o.by) === 'done');
  const labs = chapter.labs.filter((l) => labState(progress, l.id) === 'done').length;
  const state = chapterState(progress, chapter, now);
  const due = dueReviews(progress, chapter, now);
  return (
    <tr className={clsx(here && styles.here, !chapter.written && styles.later)}>
      <td className={styles.m}>
        <Mark state={here ? 'active' : state} label={chapter.written ? undefined : 'not yet written'} />
      </td>
      <td className={styles.t}>
        <span className={styles.n}>{chapter.n}</span>
        {chapter.written ? <Link to={`${chapterPath(chapter)}/`}>{chapter.title}</Link> : chapter.title}
        {due > 0 && <span className={styles.due}>review due</span>}
      </td>
      {chapter.written ? (
        <>
          <td className={styles.ob}>
            <span role="img" aria-label={`${met.filter(Boolean).length} of ${met.length} objectives`}>
              {met.map((on, i) => (
                <i key={i} className={clsx(styles.o, on && styles.on)} />
              ))}
            </span>
          </td>
          <td className={styles.lab}>
            {labs} of {chapter.labs.length}
          </td>
          <td className={styles.w}>{day(progress.chapters[String(chapter.n)])}</td>
        </>
      ) : (
        <td colSpan={3} className={styles.lab}>
          not yet written
        </td>
      )}
    </tr>
  );
}

function KeepIt(): ReactNode {
  const file = useRef<HTMLInputElement>(null);
  const [said, setSaid] = useState('');
  const [asking, setAsking] = useState(false);

  const save = () => {
    const text = JSON.stringify(progressStore().get().progress, null, 1);
    const a = document.createElement('a');
    a.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
    a.download = `follow-the-packet-${new Date().toISOString().slice(0, 10)}.json`;
    a.click();
    setTimeout(() => URL.revokeObjectURL(a.href), 1000);
    setSaid('Exported.');
  };
  const load = async (input: HTMLInputElement) => {
    const picked = input.files?.[0];
    if (!picked) return;
    try {
      progressStore().import(await picked.text());
      setSaid(`${picked.name} was added to what is here.`);
    } catch (error) {
      setSaid(
        `${picked.name} was not imported: ${error instanceof Error ? error.message : String(error)}. Nothing changed.`,
      );
    }
    input.value = '';
  };
  return (
    <section>
      <h2>Keep it, move it</h2>
      <p>Progress lives in this browser only. A file takes it to another machine; nothing is sent anywhere.</p>
      <p className={styles.file}>
        <Button onClick={save}>
          <Icon name="down" />
          Export a file
        </Button>
        <Button onClick={() => file.current?.click()}>
          <Icon name="up" />
          Import a file
        </Button>
        <input
          ref={file}
          type="file"
          accept="application/json,.json"
          hidden
          aria-label="Progress file"
          onChange={(e) => void load(e.currentTarget)}
        />
      </p>
      <p className={styles.note}>Import adds to what is here and never removes a finished lab.</p>
      <p className={styles.file}>
        {asking ? (
          <>
            <Button
              size="sm"
              className={styles.erase}
              onClick={() => {
                progressStore().erase();
                eraseSessions();
                setAsking(false);
                setSaid('Everything was erased.');
              }}
            >
              Erase it, with the labs’ states
            </Button>
            <Button size="sm" kind="quiet" onClick={() => setAsking(false)}>
              Keep it
            </Button>
          </>
        ) : (
          <Button size="sm" kind="quiet" className={styles.erase} onClick={() => setAsking(true)}>
            Erase progress in this browser
          </Button>
        )}
      </p>
      <p role="status" className={styles.note}>
        {said}
      </p>
    </section>
  );
}

/** What is done, what comes back, and the file that carries it elsewhere. */
export default function ProgressPage(): ReactNode {
  const { progress, notice, now } = useProgress();
  const objectives = useObjectives();
  const last = lastRead(progress);
  const next = last ?? firstWritten;
  const due = chapters.reduce((n, c) => n + dueReviews(progress, c, now), 0);
  return (
    <Layout title="Progress" description="What you have done in the course, and how to take it with you.">
      <main className={styles.page}>
        <section>
          <h1>Your progress</h1>
          {notice && (
            <p className={styles.notice} role="alert">
              {notice.text}
            </p>
          )}
          <p className={styles.sum} data-testid="progress-summary">
            {summary(progress, objectives)}
          </p>
          {next && (
            <p className={styles.go}>
              <ButtonLink kind="primary" to={`${chapterPath(next)}/`}>
                {last ? 'Continue' : 'Start'} with chapter {next.n}
              </ButtonLink>
            </p>
          )}
          <table className={styles.table}>
            <thead>
              <tr>
                <td />
                <th scope="col">Chapter</th>
                <th scope="col">Objectives</th>
                <th scope="col">Labs</th>
                <th scope="col" className={styles.w}>
                  Last seen
                </th>
              </tr>
            </thead>
            {parts.map((part) => (
              <tbody key={part.letter}>
                <tr className={styles.ph}>
                  <th scope="rowgroup" colSpan={5}>
                    <span>{part.letter}</span>&ensp;{part.title}
                  </th>
                </tr>
                {part.chapters.map((c) => (
                  <Row key={c.n} chapter={c} here={c === last} />
                ))}
              </tbody>
            ))}
          </table>
        </section>
        <aside className={styles.side} aria-label="Reviews and export">
          <section>
            <h2>
              {due === 0
                ? 'No review is due'
                : due === 1
                  ? 'One review is due'
                  : `${count(due, '', 'reviews')} are due`}
            </h2>
            <p>
              Questions that you answered come back after some days, so that they stay. They are where you left them, in
              their chapters.
            </p>
          </section>
          <KeepIt />
        </aside>
      </main>
    </Layout>
  );
}
