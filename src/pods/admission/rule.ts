import type { Capabilities, PodFeature, Refused, Support } from '../../../providers/contract/index.ts';
import type { FindUses } from './uses.ts';

interface CommonRule {
  /** `status.reason` of a Pod that is refused for this; CamelCase, stable. */
  readonly reason: string;
  /**
   * The fields of the API that this rule answers for, each with all that is below it. `container.` stands for regular,
   * init and ephemeral containers.
   */
  readonly fields: readonly string[];
  readonly find: FindUses;
}

/** The provider says in its capabilities whether it can. */
export interface ProviderRule extends CommonRule {
  readonly feature: PodFeature;
}

/** No provider can: the node itself does not, or no kubelet ever did. */
export interface NodeRule extends CommonRule {
  readonly name: string;
  readonly support: Refused;
}

export type Rule = ProviderRule | NodeRule;

export function isProviderRule(rule: Rule): rule is ProviderRule {
  return 'feature' in rule;
}

/** What the rule is about: the feature, or the name of what no provider can. */
export function subjectOf(rule: Rule): string {
  return isProviderRule(rule) ? rule.feature : rule.name;
}

export function supportOf(rule: Rule, features: Capabilities['features']): Support {
  return isProviderRule(rule) ? features[rule.feature] : rule.support;
}
