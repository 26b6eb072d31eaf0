import { useCallback, useState, type CSSProperties, type ReactNode } from 'react';
import type { CompiledLab } from '../../lab/protocol';
import type { openLab, OpenLab } from '../../hooks/labHost';
import { loadSession } from '../../hooks/savedSession';
import { useLinkedState } from '../../hooks/useLinkedState';
import Announcer from '../Dock/Announcer';
import Head from '../Dock/Head';
import Packets from '../Dock/Packets';
import Separator from '../Dock/Separator';
import Terminals from '../Dock/Terminals';
import Trouble from '../Dock/Trouble';
import { useRegions } from '../Dock/useRegions';
import { useSession } from '../Dock/useSession';
import { useSizes } from '../Dock/useSizes';
import Topology from '../Topology';
import Inspector from './Inspector';
import { lastWorld, rememberWorld, WORLDS } from './worlds';
import styles from './styles.module.css';

const same = (): void => undefined;

/** A world in the state in which it was left. */
const saved = (lab: CompiledLab): OpenLab => ({ lab, from: loadSession(lab.id) });

/** Opens a world in the state that the address carries, if it is this world's. */
function Linked({ lab, open }: { lab: CompiledLab; open: typeof openLab }): null {
  useLinkedState(lab, open);
  return null;
}

/** A free world: picture, inspector and terminals. Its state is kept like a lab's. */
export default function Sandbox(): ReactNode {
  const [open, setOpen] = useState<OpenLab>(() => saved(lastWorld()));
  const [selected, setSelected] = useState('');
  const [said, say] = useState('');
  const [packets, showPackets] = useState(false);
  const [sizes, resize] = useSizes();
  const { session, view, unsaved } = useSession(open);
  const openLinked = useCallback<typeof openLab>((lab, options) => setOpen({ ...saved(lab), ...options }), []);
  useRegions(same);
  const { state } = view;
  const { lab } = open;
  const choose = (next: CompiledLab): void => {
    if (next === lab) return;
    showPackets(false);
    setSelected('');
    say('');
    rememberWorld(next);
    setOpen(saved(next));
  };
  const topology = state?.topology ?? lab.topology;
  return (
    <div
      className={styles.sb}
      data-testid="sandbox"
      data-phase={view.phase}
      style={{ '--upper': `${sizes.upper}px` } as CSSProperties}
    >
      {WORLDS.map((world) => (
        <Linked key={world.lab.id} lab={world.lab} open={openLinked} />
      ))}
      <div className={styles.worlds}>
        <h2>Start from</h2>
        {WORLDS.map((world) => (
          <button
            key={world.lab.id}
            type="button"
            className={styles.world}
            aria-pressed={world.lab === lab}
            onClick={() => choose(world.lab)}
          >
            <b>{world.lab.title}</b>
            <span>{world.has}</span>
          </button>
        ))}
        <p>Docker hosts and clusters come with their chapters.</p>
      </div>
      <div className={styles.dockhead}>
        {session && <Head session={session} view={view} lab={lab} onPackets={() => showPackets(true)} say={say} />}
        {open.linked && <p className={styles.note}>This state came with a link and is not saved here.</p>}
        {unsaved && (
          <p className={styles.note}>The browser has no room for this state. It lasts until the page is left.</p>
        )}
        {state?.notice && <p className={styles.note}>{state.notice}</p>}
        {view.phase === 'running' && view.notice && <p className={styles.note}>{view.notice}</p>}
        <p role="status" className={said ? styles.note : 'ftp-sr'}>
          {said}
        </p>
      </div>
      <div className={styles.topo} data-region="topology" role="group" tabIndex={0} aria-label="Topology">
        <Topology data={topology} selected={selected} onSelect={setSelected} />
      </div>
      <Separator
        orientation="horizontal"
        label="Height of the topology"
        className={styles.grip}
        value={sizes.upper}
        min={120}
        max={Math.max(120, window.innerHeight - 260)}
        onChange={(upper) => resize({ upper })}
      />
      <div className={styles.lower}>
        {session && <Trouble session={session} view={view} />}
        {session && <Terminals key={lab.id} session={session} terminals={view.terminals} topology={topology} />}
      </div>
      <Inspector topology={topology} selected={selected} onSelect={setSelected} />
      {packets && session && state && <Packets session={session} state={state} onClose={() => showPackets(false)} />}
      {state && <Announcer lab={lab} state={state} />}
    </div>
  );
}
