import { lazy, Suspense, useEffect, type ReactNode } from 'react';
import { useLocation } from '@docusaurus/router';
import { closeLab, useLabHost } from '../../hooks/labHost';
import styles from './styles.module.css';

// Terminal, worker and dock are fetched here, after a click and never before.
const Dock = lazy(() => import('../Dock'));

/** Where an open lab lives: beside every page, so that the text can scroll and re-render without touching the world. */
export default function LabHost(): ReactNode {
  const { open } = useLabHost();
  const { pathname } = useLocation();
  useEffect(() => {
    if (!open) return;
    document.documentElement.dataset.lab = 'open';
    return () => void delete document.documentElement.dataset.lab;
  }, [open]);
  // Another page has other labs; the state is kept.
  useEffect(() => () => closeLab(), [pathname]);
  if (!open) return null;
  return (
    <Suspense
      fallback={<div className={styles.skeleton} aria-busy="true" aria-label="Opening the lab" role="status" />}
    >
      <Dock open={open} />
    </Suspense>
  );
}
