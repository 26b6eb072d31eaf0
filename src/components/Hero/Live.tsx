import { useEffect, useMemo, type ReactNode } from 'react';
import type { Topology } from '../../lab/protocol';
import type { OpenLab } from '../../hooks/labHost';
import Announcer from '../Dock/Announcer';
import Terminals from '../Dock/Terminals';
import Trouble from '../Dock/Trouble';
import { useSession } from '../Dock/useSession';
import heroLab from '../../labs/hero.lab.yaml';
import styles from './styles.module.css';

/** The running half of the landing page: terminals on a fresh world that is not saved. */
export default function Live({ onTopology }: { onTopology: (topology: Topology) => void }): ReactNode {
  const open = useMemo<OpenLab>(() => ({ lab: heroLab, from: null, linked: true }), []);
  const { session, view } = useSession(open);
  const topology = view.state?.topology;
  useEffect(() => {
    if (topology) onTopology(topology);
  }, [topology, onTopology]);
  if (!session) return <p className={styles.wait}>Starting the machine</p>;
  return (
    <>
      <Trouble session={session} view={view} />
      <Terminals
        session={session}
        terminals={view.terminals}
        topology={topology ?? heroLab.topology}
        extra={<span className={styles.live}>Live. Type any command.</span>}
      />
      {view.state && <Announcer lab={heroLab} state={view.state} />}
    </>
  );
}
