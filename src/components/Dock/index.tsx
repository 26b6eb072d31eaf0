import {
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
  type CSSProperties,
  type KeyboardEvent,
  type ReactNode,
} from 'react';
import { isPhone } from '../../hooks/isPhone';
import { closeLab, openLab, type OpenLab } from '../../hooks/labHost';
import { adoptSession } from '../../hooks/savedSession';
import { Button, IconButton } from '../Button';
import Challenge from '../Challenge';
import InlineCode from '../InlineCode';
import Mark from '../Mark';
import Tasks from '../Tasks';
import Topology from '../Topology';
import Announcer from './Announcer';
import Head, { labTitle } from './Head';
import Packets from './Packets';
import Separator from './Separator';
import Sheet from './Sheet';
import Terminals from './Terminals';
import Trouble from './Trouble';
import { useRegions, type Region } from './useRegions';
import { useSession } from './useSession';
import { defaultWidth, useSizes } from './useSizes';
import styles from './dock.module.css';

/** What the phone's sheet shows. */
type Pane = 'terminal' | 'tasks' | 'map';

const panes: readonly Pane[] = ['terminal', 'tasks', 'map'];

/**
 * An open lab: topology and tasks above, terminals below; beside the text on a wide screen, over it on a narrower one, and a sheet
 * from the bottom of a phone.
 */
export default function Dock({ open }: { open: OpenLab }): ReactNode {
  const { lab } = open;
  const { session, view, unsaved } = useSession(open);
  const [sizes, resize] = useSizes();
  const [pane, setPane] = useState<Pane>('terminal');
  const [said, say] = useState('');
  const [packets, showPackets] = useState(false);
  const dock = useRef<HTMLElement>(null);
  const { state } = view;
  const topology = state?.topology ?? lab.topology;

  useRegions(
    useCallback((region: Region) => {
      if (region !== 'text') setPane(region === 'topology' ? 'map' : region);
    }, []),
  );
  useLayoutEffect(() => {
    if (sizes.width === defaultWidth()) return;
    document.documentElement.style.setProperty('--ftp-dock-w', `min(${sizes.width}px, calc(100vw - 412px))`);
    return () => void document.documentElement.style.removeProperty('--ftp-dock-w');
  }, [sizes.width]);
  // The first terminal takes the focus; on a phone that would raise the keyboard over the tasks.
  const typable = session !== null;
  useEffect(() => {
    if (!typable) return;
    if (isPhone()) dock.current?.focus();
    else
      requestAnimationFrame(() =>
        dock.current?.querySelector<HTMLElement>('[data-terminal]:not([hidden]) textarea')?.focus(),
      );
  }, [typable]);

  const tabKeys = (e: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
    const next = step && panes.at((panes.indexOf(pane) + step) % panes.length);
    if (!next) return;
    e.preventDefault();
    setPane(next);
    document.getElementById(`sheet-${next}`)?.focus();
  };
  const done = state?.tasks.filter((t) => t.state === 'done').length ?? 0;
  const active = state?.tasks.find((t) => t.state === 'active' || t.state === 'lost');
  const activeTask = active && lab.tasks.find((t) => t.id === active.id);
  const names: Record<Pane, string> = {
    terminal: 'Terminal',
    tasks: lab.tasks.length > 0 ? `Tasks ${done}/${lab.tasks.length}` : 'Tasks',
    map: 'Topology',
  };

  return (
    <Sheet share={sizes.sheet} onShare={(sheet) => resize({ sheet })}>
      <section
        ref={dock}
        className={styles.dock}
        data-dock
        data-testid="dock"
        data-phase={view.phase}
        data-pane={pane}
        tabIndex={-1}
        aria-label={labTitle(lab)}
        style={{ '--upper': `${sizes.upper}px`, '--tasks': `${sizes.tasks}px` } as CSSProperties}
      >
        <Separator
          orientation="vertical"
          label="Width of the lab"
          className={styles.edge}
          value={sizes.width}
          min={660}
          max={Math.max(660, window.innerWidth - 412)}
          reverse
          onChange={(width) => resize({ width })}
        />
        {session && (
          <Head
            session={session}
            view={view}
            lab={lab}
            onClose={closeLab}
            onPackets={() => showPackets(true)}
            say={say}
          />
        )}
        <div className={styles.panes}>
          <div role="tablist" aria-label="Lab" onKeyDown={tabKeys}>
            {panes.map((p) => (
              <button
                key={p}
                id={`sheet-${p}`}
                type="button"
                role="tab"
                aria-selected={p === pane}
                tabIndex={p === pane ? 0 : -1}
                onClick={() => setPane(p)}
              >
                {names[p]}
              </button>
            ))}
          </div>
          <IconButton icon="close" label="Close the lab, keep its state" onClick={closeLab} />
        </div>
        <div className={styles.notices}>
          {view.phase === 'running' && view.notice && <p role="status">{view.notice}</p>}
          {state?.notice && <p role="status">{state.notice}</p>}
          {open.linked && (
            <p>
              This state came with a link and is not saved here.{' '}
              <Button
                size="sm"
                onClick={() => {
                  if (session?.saved) adoptSession(session.saved);
                  history.replaceState(history.state, '', location.pathname);
                  openLab(lab, { from: session?.saved ?? null });
                }}
              >
                Keep it as mine
              </Button>
            </p>
          )}
          {unsaved && (
            <p role="status">The browser has no room for this lab’s state. It lasts until the page is left.</p>
          )}
          <p role="status" className={said ? styles.said : 'ftp-sr'} data-testid="said">
            {said}
          </p>
        </div>
        {activeTask && (
          <div className={styles.now}>
            <Mark state={active.state} />
            <span>
              <InlineCode text={activeTask.title} />
            </span>
            <Button
              size="sm"
              onClick={() => {
                if (active.hintsShown.length === 0) void session?.hint(active.id);
                setPane('tasks');
              }}
            >
              Hint
            </Button>
          </div>
        )}
        <div className={styles.upper}>
          <div className={styles.topo} data-region="topology" tabIndex={0} role="group" aria-label="Topology">
            <Topology data={topology} />
          </div>
          <Separator
            orientation="vertical"
            label="Width of the tasks"
            value={sizes.tasks}
            min={220}
            max={560}
            reverse
            onChange={(tasks) => resize({ tasks })}
          />
          <div className={styles.taskcol}>
            {session && state && lab.kind === 'challenge' && <Challenge session={session} lab={lab} state={state} />}
            {session && state && lab.kind === 'lab' && <Tasks session={session} lab={lab} state={state} />}
            {!state && <Skeleton lines={lab.tasks.length} />}
          </div>
        </div>
        <Separator
          orientation="horizontal"
          label="Height of topology and tasks"
          value={sizes.upper}
          min={120}
          max={Math.max(120, window.innerHeight - 260)}
          onChange={(upper) => resize({ upper })}
        />
        <div className={styles.lower}>
          {session && <Trouble session={session} view={view} />}
          {session && <Terminals session={session} terminals={view.terminals} topology={topology} />}
        </div>
        {packets && session && state && <Packets session={session} state={state} onClose={() => showPackets(false)} />}
        {state && <Announcer lab={lab} state={state} />}
      </section>
    </Sheet>
  );
}

function Skeleton({ lines }: { lines: number }): ReactNode {
  return (
    <div className={styles.skeleton} aria-hidden="true">
      {Array.from({ length: Math.max(1, lines) }, (_, i) => (
        <i key={i} />
      ))}
    </div>
  );
}
