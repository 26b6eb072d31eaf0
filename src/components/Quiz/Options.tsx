import type { ReactNode } from 'react';
import clsx from 'clsx';
import type { CompiledOption } from '../../lab/protocol';
import Icon from '../Icon';
import styles from './styles.module.css';

/** What is said under an option, and how the option looks. */
export interface Verdict {
  readonly look?: 'right' | 'wrong';
  readonly word?: string;
  readonly reasonHtml?: string;
}

/** Native radios or checkboxes, with a verdict and a reason under each once it is due. */
export default function Options({
  name,
  multiple,
  options,
  picked,
  locked,
  onPick,
  verdict,
}: {
  name: string;
  multiple: boolean;
  options: readonly CompiledOption[];
  picked: readonly string[];
  /** Options that can no longer be picked. */
  locked: boolean;
  onPick: (ids: readonly string[]) => void;
  verdict: (option: CompiledOption) => Verdict;
}): ReactNode {
  return (
    <div className={styles.opts} role={multiple ? 'group' : 'radiogroup'} aria-label="Options">
      {options.map((o) => {
        const v = verdict(o);
        const on = picked.includes(o.id);
        return (
          <label
            key={o.id}
            className={clsx(
              styles.opt,
              on && styles.picked,
              v.look && styles[v.look],
              multiple && styles.multiple,
              locked && styles.locked,
            )}
            data-option={o.id}
          >
            <input
              type={multiple ? 'checkbox' : 'radio'}
              className="ftp-sr"
              name={name}
              checked={on}
              disabled={locked}
              onChange={() => onPick(!multiple ? [o.id] : on ? picked.filter((p) => p !== o.id) : [...picked, o.id])}
            />
            <span className={styles.box} aria-hidden="true">
              <Icon name={v.look === 'wrong' ? 'close' : 'tick'} />
            </span>
            {/* Safe: made by the build from the chapter's own Markdown. */}
            <span className={styles.html} dangerouslySetInnerHTML={{ __html: o.html }} />
            {v.reasonHtml !== undefined && (
              <span className={styles.why}>
                {v.word && <span className={styles.verdict}>{v.word} </span>}
                <span className={styles.html} dangerouslySetInnerHTML={{ __html: v.reasonHtml }} />
              </span>
            )}
          </label>
        );
      })}
    </div>
  );
}
