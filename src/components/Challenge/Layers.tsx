import type { ReactNode } from 'react';
import clsx from 'clsx';
import type { CompiledLab } from '../../lab/protocol';
import { useQuestion } from '../../hooks/useQuestion';
import Icon from '../Icon';
import InlineCode from '../InlineCode';
import styles from './styles.module.css';

/** Where is the fault? To be said before anything is changed; each choice is answered, and another may follow. */
export default function Layers({ lab }: { lab: CompiledLab }): ReactNode {
  const question = useQuestion(`${lab.id}/layer`);
  if (!lab.layers) return null;
  const chosen = lab.layers.find((l) => question.picked.includes(l.name));
  return (
    <fieldset className={styles.layers}>
      <legend className={styles.head}>
        Name the layer first<span>before you change anything</span>
      </legend>
      <div className={styles.choices}>
        {lab.layers.map((layer) => (
          <button
            key={layer.name}
            type="button"
            aria-pressed={layer === chosen}
            className={clsx(styles.choice, layer === chosen && (layer.right ? styles.yes : styles.no))}
            onClick={() => question.settle([layer.name], layer.right)}
          >
            {layer === chosen && <Icon name={layer.right ? 'tick' : 'close'} />}
            {layer.name}
          </button>
        ))}
      </div>
      <p className={styles.said} role="status" data-testid="layer">
        {chosen && <InlineCode text={chosen.say} />}
      </p>
    </fieldset>
  );
}
