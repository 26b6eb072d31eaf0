/** nf_tables: rulesets, their transactions and their evaluation. */
export * from './model';
export { NftError, InvalidRuleset } from './errors';
export type { Culprit } from './errors';
export { rulesetOf, Ruleset } from './ruleset';
export { Transaction } from './transaction/transaction';
export type {
  BaseSpec,
  ChainRef,
  ChainSpec,
  ElementSpec,
  NftChange,
  RulePlace,
  RuleSpec,
  SetSpec,
} from './transaction/requests';
export type { Committer } from './ruleset';
export { describeRulesWith, onTrace, ruleText } from './evaluate';
export type { TraceSink } from './evaluate';
export { fieldOf, fieldsOf } from './fields';
export type { Field } from './fields';
export { ip6Edge, ip6FromKey, ip6Key, ip6Mask } from './values';
