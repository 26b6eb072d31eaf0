/** A ruleset and nft's parser, evaluator and printer around it, without a machine: for tests. */
import { TestWorld } from '../../../net/testing';
import type { NetNamespace } from '../../../net';
import type { Ruleset } from '../../../net/netfilter/nftables';
import { rulesetOf } from '../../../net/netfilter/nftables';
import type { Env } from './datatype';
import { Executor } from './execute';
import { NftSyntaxError } from './lexer';
import { problemText } from './nft';
import { parseCommands } from './parse';
import { Printer } from './print';

/** Names of a machine that has only `lo`. */
export const LO: Env = {
  linkIndex: (name) => (name === 'lo' ? 1 : undefined),
  linkName: (index) => (index === 1 ? 'lo' : undefined),
  hosts: '127.0.0.1 localhost\n',
  passwd: 'root:x:0:0\n',
  group: 'root:x:0\n',
};

/** One namespace to try commands in. */
export class NftSession {
  readonly ns: NetNamespace;
  readonly ruleset: Ruleset;

  constructor(readonly world: TestWorld = new TestWorld()) {
    this.ns = world.ns();
    this.ruleset = rulesetOf(this.ns);
  }

  /** Runs commands that change something. @returns what nft would say on standard error */
  run(text: string): string {
    const executor = new Executor(this.ruleset, LO);
    try {
      for (const c of parseCommands(text)) executor.add(c);
    } catch (e) {
      if (!(e instanceof NftSyntaxError)) throw e;
      return problemText(
        { message: e.message, loc: e.loc, ...(e.second ? { second: e.second } : {}) },
        text,
        undefined,
      );
    }
    const { problems } = executor.commit(false, { pid: 1, name: 'nft' });
    return problems.map((p) => problemText(p, text, undefined)).join('');
  }

  /** `nft list ruleset`. */
  list(options: { numeric?: boolean; handles?: boolean; stateless?: boolean } = {}): string {
    return new Printer(this.ruleset, {
      env: LO,
      now: this.ns.now,
      handles: options.handles ?? false,
      stateless: options.stateless ?? false,
      numeric: options.numeric ?? false,
    }).all();
  }

  /** The rules of a chain, as listed. */
  rules(chain: string): string[] {
    const lines = this.list().split('\n');
    const from = lines.indexOf(`\tchain ${chain} {`);
    const to = lines.indexOf('\t}', from);
    return lines
      .slice(from + 1, to)
      .map((l) => l.trim())
      .filter((l) => !l.startsWith('type '));
  }
}
