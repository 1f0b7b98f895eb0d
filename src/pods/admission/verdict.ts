import type { Capabilities, PodFeature, RestraintName } from '../../../providers/contract/index.ts';
import { QuantityError } from '../../kube/quantity.ts';
import type { Node, Pod } from '../../kube/types.ts';
import type { Verdict } from '../status/pod-status.ts';
import { aboutFields, type Finding, messageOf } from './finding.ts';
import { offeredFindings, type Sold } from './offered.ts';
import { placementFindings } from './placement.ts';
import { platformFindings } from './platform.ts';
import { type Room, roomFindings } from './room.ts';
import { isProviderRule, type Rule, supportOf } from './rule.ts';
import { rules } from './rules.ts';
import { restraintIn, type Unenforced, unenforcedUses } from './unenforced.ts';

export interface AdmissionContext {
  readonly capabilities: Capabilities;
  /** What the operator of the node consents to run Pods without, where the provider refuses it. */
  readonly unenforced?: readonly RestraintName[];
  /** Absent = not checked, as when no cluster is at hand. */
  readonly node?: Node;
  /** Absent = not checked. */
  readonly room?: Room;
  /** Absent = instances are not bought. */
  readonly sold?: Sold;
}

/** A field that has its effect by other means than on a node. */
interface Note {
  readonly feature: PodFeature;
  readonly fields: readonly string[];
  readonly how: string;
}

export type AdmissionVerdict =
  | {
      readonly admitted: true;
      readonly emulated: readonly Note[];
      /** By consent. */
      readonly unenforced: readonly Unenforced[];
    }
  | {
      readonly admitted: false;
      /** Of the first finding. */
      readonly reason: string;
      /** All findings, for `status.message` and the Event. */
      readonly message: string;
      readonly findings: readonly Finding[];
    };

/** Whether this Pod can be what it asks to be, decided before anything is created. Pure. */
export function verdict(pod: Pod, context: AdmissionContext): AdmissionVerdict {
  const { capabilities, node, room, sold } = context;
  const findings = [
    ...refusedUses(pod, context),
    ...platformFindings(pod, capabilities),
    ...(node === undefined ? [] : placementFindings(pod, node)),
    ...(sold === undefined ? [] : readable(() => offeredFindings(pod, sold))),
    ...(room === undefined ? [] : readable(() => roomFindings(pod, room))),
  ];
  const [first] = findings;
  if (first === undefined)
    return {
      admitted: true,
      emulated: emulatedUses(pod, capabilities),
      unenforced: unenforcedUses(pod, capabilities),
    };
  const message = `Pod was rejected: ${messageOf(findings)}`;
  return { admitted: false, reason: first.reason, message, findings };
}

type ProviderContext = Pick<AdmissionContext, 'capabilities' | 'unenforced'>;

/**
 * Why an ephemeral container cannot be what it asks to be; undefined = it can. The Pod runs already and is not judged
 * again. Pure.
 */
export function ephemeralRefusal(pod: Pod, name: string, context: ProviderContext): Verdict | undefined {
  const { alone, place } = ephemeralAlone(pod, name);
  const findings = [...refusedUses(alone, context), ...platformFindings(alone, context.capabilities)].filter(
    isOfEphemeral,
  );
  const [first] = findings;
  if (first === undefined) return undefined;
  return { reason: first.reason, message: placed(messageOf(findings), place) };
}

/** What is not enforced of an ephemeral container that was admitted. */
export function ephemeralUnenforced(pod: Pod, name: string, capabilities: Capabilities): Unenforced[] {
  const { alone, place } = ephemeralAlone(pod, name);
  return unenforcedUses(alone, capabilities)
    .filter(isOfEphemeral)
    .map((use) => ({ ...use, fields: use.fields.map((field) => placed(field, place)) }));
}

/** It stands alone, with what the Pod says for all its containers. */
function ephemeralAlone({ spec }: Pod, name: string): { readonly alone: Pod; readonly place: number } {
  const { ephemeralContainers: all = [], volumes = [], securityContext } = spec ?? {};
  const place = all.findIndex((container) => container.name === name);
  const ephemeralContainers = all.slice(place, place + 1);
  return {
    alone: {
      spec: { containers: [], volumes, ephemeralContainers, ...(securityContext && { securityContext }) },
    },
    place,
  };
}

function placed(text: string, place: number): string {
  return text.replaceAll('spec.ephemeralContainers[0]', `spec.ephemeralContainers[${place}]`);
}

function isOfEphemeral({ fields }: Pick<Finding, 'fields'>): boolean {
  return fields.some((field) => field.startsWith('spec.ephemeralContainers'));
}

/** Fields that are refused alike, of the Pod and of its containers, are one finding. */
function refusedUses(pod: Pod, context: ProviderContext): Finding[] {
  const found = new Map<string, Finding>();
  for (const rule of rules) {
    const finding = refusedUse(pod, rule, context);
    if (finding === undefined) continue;
    const { reason, why, instead, restraint } = finding;
    const key = [reason, why, instead, restraint].join('\n');
    const fields = [...new Set([...(found.get(key)?.fields ?? []), ...finding.fields])];
    found.set(key, {
      reason,
      fields,
      text: aboutFields(fields, why),
      instead,
      ...(restraint && { restraint }),
    });
  }
  return [...found.values()];
}

function refusedUse(pod: Pod, rule: Rule, { capabilities, unenforced = [] }: ProviderContext) {
  const support = supportOf(rule, capabilities.features);
  const fields = support.support === 'refused' ? rule.find(pod) : [];
  if (support.support !== 'refused' || fields.length === 0) return undefined;
  const restraint = isProviderRule(rule) ? restraintIn(pod, rule.feature, fields) : undefined;
  if (restraint !== undefined && unenforced.includes(restraint)) return undefined;
  return { reason: rule.reason, fields, why: support.why, instead: support.instead, restraint };
}

function emulatedUses(pod: Pod, { features }: Capabilities): Note[] {
  return rules.filter(isProviderRule).flatMap((rule) => {
    const support = features[rule.feature];
    const fields = support.support === 'emulated' ? rule.find(pod) : [];
    return support.support === 'emulated' && fields.length > 0
      ? [{ feature: rule.feature, fields, how: support.how }]
      : [];
  });
}

/** An API server lets no malformed quantity through; a file on disk may hold one. */
function readable(find: () => Finding[]): Finding[] {
  try {
    return find();
  } catch (error) {
    if (!(error instanceof QuantityError)) throw error;
    return [{ reason: 'UnexpectedAdmissionError', fields: ['spec'], text: error.message }];
  }
}
