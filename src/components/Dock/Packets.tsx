import { lazy, Suspense, type ReactNode } from 'react';
import type { SessionState } from '../../lab/protocol';
import type { Session } from '../../hooks/session';

// Fetched when somebody asks for packets.
const Journey = lazy(() => import('../Journey'));

/** The packets of a world, over what its parent shows; the focus goes back to the button that opened them. */
export default function Packets({
  session,
  state: { topology, traced },
  onClose,
}: {
  session: Session;
  state: SessionState;
  onClose: () => void;
}): ReactNode {
  const close = (): void => {
    onClose();
    requestAnimationFrame(() => document.querySelector<HTMLElement>('[data-testid="packets"]')?.focus());
  };
  return (
    <Suspense fallback={null}>
      <Journey session={session} topology={topology} traced={traced} onClose={close} />
    </Suspense>
  );
}
