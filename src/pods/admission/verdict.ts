import type { Capabilities, PodFeature } from '../../../providers/contract/index.ts';
import { QuantityError } from '../../kube/quantity.ts';
import type { Node, Pod } from '../../kube/types.ts';
import type { Verdict } from '../status/pod-status.ts';
import { aboutFields, type Finding, sentence } from './finding.ts';
import { offeredFindings, type Sold } from './offered.ts';
import { placementFindings } from './placement.ts';
import { platformFindings } from './platform.ts';
import { type Room, roomFindings } from './room.ts';
import { isProviderRule, supportOf } from './rule.ts';
import { rules } from './rules.ts';

export interface AdmissionContext {
  readonly capabilities: Capabilities;
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
  | { readonly admitted: true; readonly emulated: readonly Note[] }
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
    ...refusedUses(pod, capabilities),
    ...platformFindings(pod, capabilities),
    ...(node === undefined ? [] : placementFindings(pod, node)),
    ...(sold === undefined ? [] : readable(() => offeredFindings(pod, sold))),
    ...(room === undefined ? [] : readable(() => roomFindings(pod, room))),
  ];
  const [first] = findings;
  if (first === undefined) return { admitted: true, emulated: emulatedUses(pod, capabilities) };
  const message = `Pod was rejected: ${findings.map(sentence).join('. ')}`;
  return { admitted: false, reason: first.reason, message, findings };
}

/**
 * Why an ephemeral container cannot be what it asks to be; undefined = it can. The Pod runs already and is not judged
 * again. Pure.
 */
export function ephemeralRefusal(pod: Pod, name: string, capabilities: Capabilities): Verdict | undefined {
  const all = pod.spec?.ephemeralContainers ?? [];
  const place = all.findIndex((container) => container.name === name);
  const volumes = pod.spec?.volumes ?? [];
  const alone = { spec: { containers: [], volumes, ephemeralContainers: all.slice(place, place + 1) } };
  const findings = [...refusedUses(alone, capabilities), ...platformFindings(alone, capabilities)].filter(
    ({ fields }) => fields.some((field) => field.startsWith('spec.ephemeralContainers')),
  );
  const [first] = findings;
  if (first === undefined) return undefined;
  const message = findings.map(sentence).join('. ');
  const named = message.replaceAll('spec.ephemeralContainers[0]', `spec.ephemeralContainers[${place}]`);
  return { reason: first.reason, message: named };
}

function refusedUses(pod: Pod, { features }: Capabilities): Finding[] {
  return rules.flatMap((rule) => {
    const support = supportOf(rule, features);
    if (support.support !== 'refused') return [];
    const fields = rule.find(pod);
    if (fields.length === 0) return [];
    return [
      { reason: rule.reason, fields, text: aboutFields(fields, support.why), instead: support.instead },
    ];
  });
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
