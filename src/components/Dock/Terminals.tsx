import { useCallback, useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import clsx from 'clsx';
import type { Place, TerminalState, Topology } from '../../lab/protocol';
import { samePlace, type Session } from '../../hooks/session';
import { takeTyping, useLabHost } from '../../hooks/labHost';
import Icon from '../Icon';
import { IconButton } from '../Button';
import Menu from '../Menu';
import Terminal, { type TerminalHandle } from '../Terminal';
import styles from './terminals.module.css';

/** Every place a terminal can be opened at: the machines and namespaces of the picture. */
function places({ boxes }: Topology): Place[] {
  const titles = new Map(boxes.map((b) => [b.id, b.title]));
  return boxes.map((b) =>
    b.kind === 'machine'
      ? { machine: b.title }
      : { machine: titles.get(b.parent ?? '') ?? b.parent ?? '', netns: b.title },
  );
}

const keyBar: readonly { label: string; data: string; name?: string }[] = [
  { label: 'Tab', data: '\t' },
  { label: 'Ctrl', data: '' },
  { label: 'Esc', data: '\x1b' },
  { label: '↑', data: '\x1b[A', name: 'Up' },
  { label: '↓', data: '\x1b[B', name: 'Down' },
  { label: '←', data: '\x1b[D', name: 'Left' },
  { label: '→', data: '\x1b[C', name: 'Right' },
  { label: '|', data: '|', name: 'Pipe' },
  { label: '/', data: '/', name: 'Slash' },
  { label: '-', data: '-', name: 'Dash' },
  { label: '~', data: '~', name: 'Tilde' },
  { label: '$', data: '$', name: 'Dollar' },
];

/**
 * The terminals of a world as tabs, one per place, with the phone's key bar below. The world need not be there yet: what is typed
 * waits for it.
 */
export default function Terminals({
  session,
  terminals,
  topology,
  extra,
}: {
  session: Session;
  terminals: readonly TerminalState[];
  topology: Topology;
  extra?: ReactNode;
}): ReactNode {
  const typing = useLabHost((host) => host.typing);
  const aloud = useLabHost((host) => host.aloud);
  const [active, setActive] = useState<number>();
  const [ctrl, setCtrl] = useState(false);
  const [unread, setUnread] = useState<ReadonlySet<number>>(new Set());
  const handles = useRef(new Map<number, TerminalHandle>());
  const current = terminals.find((t) => t.id === active) ?? terminals[0];

  const show = useCallback((id: number) => {
    setActive(id);
    setUnread((old) => (old.has(id) ? new Set([...old].filter((o) => o !== id)) : old));
  }, []);
  useEffect(() => {
    const waiting = typing && takeTyping();
    if (!waiting) return;
    void session.type(waiting.place, waiting.commands).then((id) => {
      if (id === undefined) return;
      show(id);
      handles.current.get(id)?.focus();
    });
  }, [typing, session, show]);

  const select = (id: number): void => {
    show(id);
    requestAnimationFrame(() => handles.current.get(id)?.focus());
  };
  const openAt = async (place: Place): Promise<void> => {
    const id = await session.open(place, 80, 24);
    if (id !== undefined) select(id);
  };
  const arrows = (e: KeyboardEvent): void => {
    const at = terminals.findIndex((t) => t.id === current?.id);
    const go = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: terminals.length - 1 }[e.key];
    if (go === undefined) return;
    e.preventDefault();
    const next = terminals.at(go % terminals.length);
    if (!next) return;
    show(next.id);
    document.getElementById(`terminal-tab-${next.id}`)?.focus();
  };
  const all = places(topology);

  return (
    <section className={styles.terminals} aria-label="Terminals" data-region="terminal">
      <div className={styles.tabs}>
        <div className={styles.list} role="tablist" aria-label="Terminals" onKeyDown={arrows}>
          {terminals.map((t) => (
            <button
              key={t.id}
              id={`terminal-tab-${t.id}`}
              type="button"
              role="tab"
              className={styles.tab}
              aria-selected={t.id === current?.id}
              aria-controls={`terminal-panel-${t.id}`}
              tabIndex={t.id === current?.id ? 0 : -1}
              onClick={() => select(t.id)}
            >
              <Icon name={t.place.netns ? 'namespace' : 'machine'} />
              {t.place.netns ?? t.title}
              {terminals.filter((o) => samePlace(o.place, t.place)).length > 1 && (
                <span className={styles.nth}>
                  {terminals.filter((o) => samePlace(o.place, t.place)).indexOf(t) + 1}
                </span>
              )}
              {unread.has(t.id) && t.id !== current?.id && (
                <span className={styles.dot} role="img" aria-label="new output" />
              )}
              {!t.alive && <span className={styles.nth}>ended</span>}
            </button>
          ))}
        </div>
        {all.length > 1 ? (
          <Menu
            icon="plus"
            label="New terminal"
            align="start"
            items={all.map((p) => ({ label: `On ${p.netns ?? p.machine}`, act: () => void openAt(p) }))}
          />
        ) : (
          <IconButton icon="plus" label="New terminal" onClick={() => all[0] && void openAt(all[0])} />
        )}
        <span className={styles.end}>
          {extra}
          {extra === undefined && current && terminals.length > 1 && (
            <IconButton
              icon="close"
              label={`Close the terminal ${current.place.netns ?? current.title}`}
              onClick={() => session.close(current.id)}
            />
          )}
        </span>
      </div>
      {terminals.map((t) => (
        <div
          key={t.id}
          id={`terminal-panel-${t.id}`}
          role="tabpanel"
          aria-labelledby={`terminal-tab-${t.id}`}
          className={clsx(styles.panel, t.id !== current?.id && styles.away)}
        >
          <Terminal
            session={session}
            id={t.id}
            label={`Terminal on ${t.place.netns ?? t.title}. F6 leaves it.`}
            shown={t.id === current?.id}
            aloud={aloud}
            ctrl={ctrl}
            onKey={() => setCtrl(false)}
            onUnread={() => setUnread((old) => (old.has(t.id) ? old : new Set(old).add(t.id)))}
            ref={(handle) => {
              if (handle) handles.current.set(t.id, handle);
              else handles.current.delete(t.id);
            }}
          />
        </div>
      ))}
      <div className={styles.keys} role="toolbar" aria-label="Keys">
        {keyBar.map((key) => (
          <button
            key={key.label}
            type="button"
            aria-label={key.name}
            aria-pressed={key.label === 'Ctrl' ? ctrl : undefined}
            // The keyboard of a phone stays up only while the terminal keeps the focus.
            onPointerDown={(e) => e.preventDefault()}
            onClick={() => {
              const handle = current && handles.current.get(current.id);
              if (key.label === 'Ctrl') setCtrl(!ctrl);
              else handle?.send(key.data);
              handle?.focus();
            }}
          >
            {key.label}
          </button>
        ))}
      </div>
    </section>
  );
}
