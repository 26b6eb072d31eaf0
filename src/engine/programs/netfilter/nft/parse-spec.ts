/** What nft's commands are about: table, chain and set specifications (nftables src/parser_bison.y). */
import type { NftFamily } from '../../../net/netfilter/nftables';
import type { Command } from './ast';
import type { Loc, Token } from './lexer';
import { StatementParser } from './parse-stmt';

const FAMILIES: readonly string[] = ['ip', 'ip6', 'inet', 'arp', 'bridge', 'netdev'];

/** Reads what an `include` names. @returns undefined when there is none */
export type Include = (name: string) => string | undefined;

/** What a command is about, and where its words stand. `name` where it has one. */
export interface Spec {
  family: NftFamily;
  familyGiven: boolean;
  table: string;
  name?: string;
  locs: { table?: Loc; name?: Loc; handle?: Loc; position?: Loc };
}

/** What commands are about: a family, a table, a name. */
export abstract class SpecParser extends StatementParser {
  readonly commands: Command[] = [];

  constructor(
    tokens: Token[],
    protected readonly include: Include = () => undefined,
  ) {
    super(tokens);
  }

  protected push(start: Token, c: Omit<Command, 'loc'>): void {
    this.commands.push({ ...c, loc: this.from(start) });
  }

  protected family(): { family: NftFamily; familyGiven: boolean } {
    this.expandVariable();
    if (FAMILIES.includes(this.next.text) && this.next.type === 'word')
      return { family: this.take().text as NftFamily, familyGiven: true };
    return { family: 'ip', familyGiven: false };
  }

  protected tableSpec(...alternatives: string[]): Spec {
    const f = this.family();
    this.expandVariable();
    const table = this.identifier(...alternatives);
    return { ...f, table: table.text, locs: { table: table.loc } };
  }

  protected spec(named: boolean, ...alternatives: string[]): Spec {
    const s = this.tableSpec();
    if (!named) return s;
    this.expandVariable();
    const name = this.identifier(...alternatives);
    return { ...s, name: name.text, locs: { ...s.locs, name: name.loc } };
  }
}
