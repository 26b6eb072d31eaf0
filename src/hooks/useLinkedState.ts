import { useEffect } from 'react';
import type { CompiledLab } from '../lab/protocol';
import { openLab } from './labHost';
import { unpackSession } from './savedSession';

/** Opens the lab in the state that the page's address carries (`#lab=ID&state=...`), if it is this lab's. */
export function useLinkedState(lab: CompiledLab, open: typeof openLab = openLab): void {
  useEffect(() => {
    const fragment = new URLSearchParams(location.hash.slice(1));
    const packed = fragment.get('state');
    if (fragment.get('lab') !== lab.id || packed === null) return;
    let gone = false;
    void unpackSession(packed).then((from) => {
      if (from && from.lab === lab.id && !gone) open(lab, { from, linked: true });
    });
    return () => void (gone = true);
  }, [lab, open]);
}
