import { useCallback, useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import type { Topology as TopologyData } from '../../lab/protocol';
import type { Session } from '../../hooks/session';
import { Button, IconButton } from '../Button';
import Strip from '../Strip';
import Topology from '../Topology';
import Decision from './Decision';
import Headers from './Headers';
import Hops from './Hops';
import List from './List';
import Road from './Road';
import { travelOf } from './travel';
import { useJourney, useJourneys } from './useJourneys';
import styles from './styles.module.css';

/** Milliseconds that a step stays when the journey plays: the packet's way to it, and time to read. */
const stepTime = 2600;

/** The packets of a world: a list, and one packet's journey step by step. Fills its parent. */
export default function Journey({
  session,
  topology,
  traced,
  onClose,
}: {
  session: Session;
  topology: TopologyData;
  /** Changes whenever something happened to a packet. */
  traced: number | undefined;
  onClose: () => void;
}): ReactNode {
  const list = useJourneys(session, traced);
  const [chosen, choose] = useState<number>();
  const journey = useJourney(session, chosen, traced);
  const [at, setAt] = useState(0);
  const [playing, setPlaying] = useState(false);
  const [map, showMap] = useState(false);
  const panel = useRef<HTMLElement>(null);
  const steps = journey?.steps ?? [];
  const now = Math.min(at, Math.max(0, steps.length - 1));
  const step = steps[now];

  const open = useCallback((packet: number | undefined) => {
    setPlaying(false);
    setAt(0);
    choose(packet);
  }, []);
  useEffect(() => {
    panel.current?.focus();
  }, [chosen]);
  useEffect(() => {
    if (!playing) return;
    const timer = setTimeout(() => {
      if (now + 1 < steps.length) setAt(now + 1);
      else setPlaying(false);
    }, stepTime);
    return () => clearTimeout(timer);
  }, [playing, now, steps.length]);

  const go = (to: number): void => {
    setPlaying(false);
    setAt(Math.min(Math.max(0, to), steps.length - 1));
  };
  const keys = (e: KeyboardEvent): void => {
    if (e.key === 'Escape') {
      e.preventDefault();
      e.stopPropagation();
      if (chosen === undefined) onClose();
      else open(undefined);
      return;
    }
    if (!step || e.altKey || e.ctrlKey || e.metaKey) return;
    const to = {
      ArrowRight: now + 1,
      ArrowDown: now + 1,
      ArrowLeft: now - 1,
      ArrowUp: now - 1,
      Home: 0,
      End: steps.length,
    }[e.key];
    if (to !== undefined) go(to);
    else if (e.key === ' ' && !(e.target instanceof HTMLButtonElement)) setPlaying(!playing);
    else {
      setPlaying(false);
      return;
    }
    e.preventDefault();
  };

  const summary = journey?.summary;
  // Counted among what the list shows before it is asked for more.
  const alike = (list?.packets ?? []).filter((p) => summary?.role !== 'traffic' || p.role === 'traffic');
  const place = alike.findIndex((p) => p.id === chosen);
  const isReply = summary?.request !== undefined;
  const other = isReply ? summary?.request : summary?.reply;
  return (
    <section
      ref={panel}
      className={styles.journey}
      aria-label="Packets"
      data-testid="journey"
      tabIndex={-1}
      onKeyDown={keys}
    >
      <header className={styles.head}>
        {summary ? (
          <>
            <Button size="sm" onClick={() => open(undefined)}>
              All packets
            </Button>
            <h2 className={styles.count}>
              Packet {place + 1} of {alike.length}
            </h2>
            <Strip layers={summary.layers} small />
            <span className={styles.ends}>
              {summary.from} → {summary.to}
            </span>
            <span className={styles.end}>
              {other !== undefined && (
                <span className={styles.pick} role="group" aria-label="Which packet">
                  <button type="button" aria-pressed={!isReply} onClick={() => isReply && open(other)}>
                    Request
                  </button>
                  <button type="button" aria-pressed={isReply} onClick={() => !isReply && open(other)}>
                    Reply
                  </button>
                </span>
              )}
              <IconButton icon="back" label="Step back" disabled={now === 0} onClick={() => go(now - 1)} />
              <IconButton
                icon={playing ? 'pause' : 'play'}
                label={playing ? 'Pause' : 'Play'}
                onClick={() => {
                  if (now + 1 >= steps.length) setAt(0);
                  setPlaying(!playing);
                }}
              />
              <IconButton icon="next" label="Step on" disabled={now + 1 >= steps.length} onClick={() => go(now + 1)} />
              <IconButton icon="close" label="Close the packets" onClick={onClose} />
            </span>
          </>
        ) : (
          <>
            <h2>Packets</h2>
            <span className={styles.end}>
              <IconButton icon="close" label="Close the packets" onClick={onClose} />
            </span>
          </>
        )}
      </header>
      {step && summary ? (
        <>
          <div className={styles.picture}>
            {map ? (
              <div className={styles.topo} role="group" tabIndex={0} aria-label="Topology">
                <Topology data={topology} detail="ports" travel={travelOf(steps, now)} />
              </div>
            ) : (
              <Road steps={steps} at={now} onStep={go} />
            )}
            <span className={styles.pick} role="group" aria-label="Picture">
              <button type="button" aria-pressed={!map} onClick={() => showMap(false)}>
                Road
              </button>
              <button type="button" aria-pressed={map} onClick={() => showMap(true)}>
                Map
              </button>
            </span>
          </div>
          <div className={styles.cols}>
            <Hops steps={steps} at={now} onStep={go} />
            <Decision session={session} journey={journey!} at={now} onPacket={open} />
            <Headers step={step} />
          </div>
        </>
      ) : (
        <List list={list} onPacket={open} />
      )}
    </section>
  );
}
