import { Fragment, type ReactNode } from 'react';

/** The same text without its marks and without its full stop, to be said inside another sentence. */
export function plain(text: string): string {
  return text.replaceAll(/[`*]/g, '').replace(/\.$/, '');
}

/** Text from a lab file: `code` between backticks and **bold**, nothing else. */
export default function InlineCode({ text }: { text: string }): ReactNode {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((piece, i) => {
    if (piece.startsWith('`') && piece.length > 2) return <code key={i}>{piece.slice(1, -1)}</code>;
    if (piece.startsWith('**') && piece.length > 4) return <b key={i}>{piece.slice(2, -2)}</b>;
    return <Fragment key={i}>{piece}</Fragment>;
  });
}
