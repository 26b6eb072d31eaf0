import { useEffect, useState, type ComponentType, type ReactNode } from 'react';
import { useLocation } from '@docusaurus/router';
import { turnTo, useLabHost, type OpenLab } from '../../hooks/labHost';
import styles from './styles.module.css';

type DockType = ComponentType<{ open: OpenLab }>;

let dock: Promise<DockType> | null = null;

/** Terminal, worker and dock are fetched here, after a click and never before. A failed fetch is tried again by the next click. */
function fetchDock(): Promise<DockType> {
  dock ??= import('../Dock').then((m) => m.default);
  dock.catch(() => (dock = null));
  return dock;
}

/** Where an open lab lives: beside every page, so that the text can scroll and re-render without touching the world. */
export default function LabHost(): ReactNode {
  const open = useLabHost((host) => host.open);
  const { pathname } = useLocation();
  useEffect(() => {
    if (!open) return;
    document.documentElement.dataset.lab = 'open';
    return () => void delete document.documentElement.dataset.lab;
  }, [open]);
  // Another page has other labs; the state is kept. Not on leaving: the dev server mounts everything anew when a chapter is edited.
  useEffect(() => turnTo(pathname), [pathname]);
  // Not `lazy`: React keeps a fallback that it has shown for 300 ms, and the reader would wait for it.
  const [fetched, setFetched] = useState<{ Dock: DockType } | null>(null);
  const [failed, setFailed] = useState<Error | null>(null);
  const wanted = open !== null;
  useEffect(() => {
    if (wanted) fetchDock().then((Dock) => setFetched({ Dock }), setFailed);
  }, [wanted]);
  // The page's error boundary tells the reader.
  if (failed) throw failed;
  if (!open) return null;
  if (fetched) return <fetched.Dock open={open} />;
  return <div className={styles.skeleton} aria-busy="true" aria-label="Opening the lab" role="status" />;
}
