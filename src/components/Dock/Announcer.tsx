import { useEffect, useRef, useState, type ReactNode } from 'react';
import type { CompiledLab, SessionState } from '../../lab/protocol';
import { plain } from '../InlineCode';
import { changes } from '../Topology/layout';

/** Says in words what changed in tasks and topology. Polite, and never while a setup still runs. */
export default function Announcer({ lab, state }: { lab: CompiledLab; state: SessionState }): ReactNode {
  const before = useRef<SessionState>(state);
  const [text, setText] = useState('');
  useEffect(() => {
    // A short wait joins the many small changes of one command into one sentence.
    const timer = setTimeout(() => {
      const was = new Map(before.current.tasks.map((t) => [t.id, t.state]));
      const said: string[] = [];
      for (const t of state.tasks) {
        const title = plain(lab.tasks.find((l) => l.id === t.id)?.title ?? t.id);
        if (t.state === was.get(t.id)) continue;
        if (t.state === 'done') said.push(`Done: ${title}`);
        if (t.state === 'lost') said.push(`No longer true: ${title}`);
      }
      const feedback = (s: SessionState): string | null => s.tasks.find((t) => t.state === 'active')?.feedback ?? null;
      const now = feedback(state);
      if (now !== null && now !== feedback(before.current)) said.push(plain(now));
      const picture = changes(before.current.topology, state.topology);
      if (picture) said.push(picture);
      before.current = state;
      if (said.length > 0) setText(`${said.join('. ')}.`);
    }, 300);
    return () => clearTimeout(timer);
  }, [lab, state]);
  return (
    <div className="ftp-sr" role="status" aria-live="polite" data-testid="announcer">
      {text}
    </div>
  );
}
