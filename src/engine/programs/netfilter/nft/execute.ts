/** Carries commands out: evaluates them, then one transaction for all that change something. */
import { strerror } from '../../../core';
import type { ErrnoCode } from '../../../core';
import { NftError } from '../../../net/netfilter/nftables';
import type { Committer, ElementSpec, NftChange } from '../../../net/netfilter/nftables';
import type { Command } from './ast';
import { closest, distance } from './datatype';
import type { Loc } from './lexer';
import { Planner } from './plan';
import type { Step } from './plan';

/** What is wrong, and where. */
export interface Problem {
  readonly message: string;
  readonly loc: Loc;
  readonly second?: Loc;
}

/** Reads commands into steps. */
export class Executor extends Planner {
  /** Sends what waits to the kernel. @returns what was wrong, and what was changed */
  commit(check: boolean, by: Committer): { problems: Problem[]; changes: readonly NftChange[] } {
    const steps = this.steps.splice(0);
    if (steps.length === 0) return { problems: [], changes: [] };
    let problems: Problem[] = [];
    let changes: readonly NftChange[] = [];
    let current: Step | undefined;
    try {
      this.ruleset.commit(
        (tx) => {
          problems = [];
          changes = tx.changes;
          for (const s of steps) {
            current = s;
            const { mark } = tx;
            try {
              s.run(tx);
            } catch (error) {
              if (!(error instanceof NftError) || tx.invalid(error)) throw error;
              problems.push(this.problem(s, error));
              tx.rollback(mark);
            }
          }
          current = undefined;
          if (problems.length > 0) throw new Refused();
        },
        check,
        by,
      );
    } catch (error) {
      if (error instanceof NftError && current !== undefined) problems.push(this.problem(current, error));
      else if (!(error instanceof Refused)) throw error;
    }
    return { problems, changes };
  }

  private problem(s: Step, error: NftError): Problem {
    const { command: c } = s;
    const reason = strerror(error.code as ErrnoCode);
    const own = s.locate?.(error);
    const { locs } = c;
    let loc: Loc | undefined;
    switch (error.culprit) {
      case 'table':
        loc = locs.table;
        break;
      case 'chain':
      case 'set':
      case 'object':
        loc = locs.name ?? locs.table;
        break;
      case 'handle':
        loc = locs.handle;
        break;
      case 'position':
        loc = locs.position;
        break;
      case 'key':
      case 'target':
        loc = own;
        break;
      default:
    }
    if (c.obj === 'element' && own !== undefined && error.culprit !== 'table') loc = own;
    if (error.detail !== undefined && error.culprit === 'key') return { message: error.detail, loc: loc ?? c.loc };
    if (error.code === 'ENOENT') {
      const guess = this.guess(c, error);
      if (guess !== undefined) return { message: `${reason}; did you mean ${guess}?`, loc: loc ?? c.loc };
    }
    return { message: `Could not process rule: ${reason}`, loc: loc ?? c.loc };
  }

  /** A name that was probably meant (nft_cmd_enoent). */
  private guess(c: Command, error: NftError): string | undefined {
    const table = this.ruleset.table(c.family, c.table ?? '');
    if (table === undefined || c.name === undefined) return undefined;
    const near = (names: readonly string[]): string | undefined => {
      const n = closest(c.name!, names);
      return n !== undefined && distance(c.name!, n) <= Math.ceil(Math.max(c.name!.length, n.length) / 2)
        ? n
        : undefined;
    };
    if (error.culprit === 'chain' && c.obj === 'rule' && c.op !== 'delete') {
      const n = near([...table.chains.keys()]);
      return n === undefined ? undefined : `chain ‘${n}’ in table ${c.family} ‘${c.table}’`;
    }
    if (error.culprit === 'set') {
      const n = near([...table.sets.keys()].filter((x) => !x.startsWith('__')));
      return n === undefined ? undefined : `set ‘${n}’ in table ${c.family} ‘${c.table}’`;
    }
    return undefined;
  }

  /** The set and elements of `get element`. @throws NftSyntaxError */
  wanted(c: Command): ElementSpec[] {
    return this.elements(c).specs;
  }
}

/** Some requests were refused: nothing takes effect. */
class Refused extends Error {}
