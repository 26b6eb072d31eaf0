import { lazy, Suspense, useEffect, useState, useSyncExternalStore, type ReactNode } from 'react';
import { typeAtPrompt } from '../../hooks/labHost';
import { Button } from '../Button';
import Topology from '../Topology';
import heroLab from '../../labs/hero.lab.yaml';
import styles from './styles.module.css';

const Live = lazy(() => import('./Live'));

const phone = '(max-width: 640px)';
const tries = ['ping -c2 172.30.0.11', 'ip link set veth1 down', 'ip -n c1 -br addr'];

/** Starts the world once the page is quiet, unless the reader asked to save data. */
function useIdleStart(): [boolean, () => void] {
  const [on, setOn] = useState(false);
  useEffect(() => {
    const connection = (navigator as { connection?: { saveData?: boolean } }).connection;
    if (connection?.saveData) return;
    const start = (): void => setOn(true);
    if (typeof requestIdleCallback === 'function') {
      const handle = requestIdleCallback(start, { timeout: 3000 });
      return () => cancelIdleCallback(handle);
    }
    const timer = setTimeout(start, 500);
    return () => clearTimeout(timer);
  }, []);
  return [on, () => setOn(true)];
}

/** True on a phone, where the picture keeps only names and ports, so that it fits. */
function useSmall(): boolean {
  return useSyncExternalStore(
    (changed) => {
      const query = window.matchMedia(phone);
      query.addEventListener('change', changed);
      return () => query.removeEventListener('change', changed);
    },
    () => window.matchMedia(phone).matches,
    () => false,
  );
}

/** The landing page's bench: a picture, three commands to try, and terminals on a world that runs. */
export default function Hero(): ReactNode {
  const [on, start] = useIdleStart();
  const small = useSmall();
  const [topology, setTopology] = useState(heroLab.topology);
  return (
    <div className={styles.bench} data-testid="hero">
      <div className={styles.topo} role="group" tabIndex={0} aria-label="Topology" data-region="topology">
        <Topology data={topology} detail={small ? 'compact' : 'ports'} />
      </div>
      <div className={styles.say}>
        <span>Two network stacks and a cable.</span>
        <span className={styles.tries}>
          {tries.map((command) => (
            <Button
              key={command}
              size="sm"
              onClick={() => {
                start();
                typeAtPrompt({ place: { machine: 'host' }, commands: [command] });
              }}
            >
              <code>{command}</code>
            </Button>
          ))}
        </span>
      </div>
      <div className={styles.terminals}>
        {on ? (
          <Suspense fallback={<p className={styles.wait}>Starting the machine</p>}>
            <Live onTopology={setTopology} />
          </Suspense>
        ) : (
          <p className={styles.wait}>
            <Button size="sm" onClick={start}>
              Start the machine
            </Button>
          </p>
        )}
      </div>
    </div>
  );
}
