/** nf_tables: rulesets, their transactions and their evaluation. */
export * from './model';
export { NftError, InvalidRuleset } from './errors';
export type { Culprit } from './errors';
export { rulesetOf, Ruleset, Transaction } from './ruleset';
export type {
  BaseSpec,
  ChainRef,
  Committer,
  ChainSpec,
  ElementSpec,
  NftChange,
  RulePlace,
  RuleSpec,
  SetSpec,
} from './ruleset';
export { describeRulesWith, onTrace, ruleText } from './evaluate';
export type { TraceSink } from './evaluate';
export { fieldOf, fieldsOf } from './fields';
export type { Field } from './fields';
export { ip6Edge, ip6FromKey, ip6Key, ip6Mask } from './values';
