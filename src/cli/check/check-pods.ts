import type { Machine, Offer, Purchase, Resources } from '../../../providers/contract/index.ts';
import { type Asked, askedOf } from '../../capacity/asked.ts';
import { machineFor, purchaseOf } from '../../capacity/choose-size.ts';
import { offersFor } from '../../capacity/offers-for.ts';
import type { Pod } from '../../kube/types.ts';
import { type AdmissionContext, type AdmissionVerdict, verdict } from '../../pods/admission/verdict.ts';
import { podRequests } from '../../podspec/pod-resources.ts';
import { sizedPod } from '../../podspec/sized-pod.ts';
import { type FieldPath, parseFieldPath } from '../manifests/field-path.ts';
import type { Manifest } from '../manifests/parse-manifests.ts';
import { type Accounts, asCreated } from './as-created.ts';
import { type PodOfManifest, podOf } from './pods-of.ts';
import { secretUses } from './secret-uses.ts';
import type { ShapeCheck } from './shape.ts';

/** One Pod, or the Pods of one workload: they are all alike. */
export interface PodCheck {
  readonly manifest: Manifest;
  readonly copies: number | undefined;
  /** Of one Pod: what its instance is made for. */
  readonly requests: Resources;
  readonly verdict: AdmissionVerdict;
  /** What is allowed, and should be known before. */
  readonly warnings: readonly Warning[];
  /** What a Pod gets on each market, where instances are bought. */
  readonly purchases: readonly Purchase[];
  readonly asked: Asked | undefined;
  /** What one would rent for it instead, where a price is known. */
  readonly machine: Machine | undefined;
  /** The line in the manifest's file of a field that the verdict names. */
  lineOf(field: string): number;
}

export interface Warning {
  readonly text: string;
  readonly fields: readonly string[];
}

export interface CheckOutcome {
  readonly pods: readonly PodCheck[];
  /** Objects that make no Pods, as far as is known. */
  readonly others: readonly Manifest[];
  /** `file:line: what`: each field that an API server would not take. Their objects are not judged. */
  readonly problems: readonly string[];
}

/** What is known of the node without a cluster. */
export type CheckedNode = Pick<AdmissionContext, 'capabilities' | 'unenforced' | 'sold'>;

/** Judges every Pod. */
export function checkPods(
  manifests: readonly Manifest[],
  node: CheckedNode,
  shapeOf: ShapeCheck,
): CheckOutcome {
  const accounts = accountsIn(manifests);
  const problems: string[] = [];
  const pods: PodCheck[] = [];
  const others: Manifest[] = [];
  for (const manifest of manifests) {
    const say = (field: FieldPath, what: string): void =>
      void problems.push(`${manifest.file}:${manifest.lineOf(field)}: ${what}`);
    const misshapen = shapeOf(manifest);
    for (const { field, what } of misshapen) say(field, what);
    if (misshapen.length > 0) continue;
    try {
      const found = podOf(manifest);
      if (found === undefined) {
        others.push(manifest);
        continue;
      }
      const { pod, causes } = asCreated(found.pod, accounts);
      for (const { field = '', message } of causes) {
        const place = found.placeOf(parseFieldPath(field));
        say(place, `${nameOf(place, field)}: ${message}`);
      }
      if (causes.length === 0) pods.push(judge(found, pod, node));
    } catch (error) {
      // A shape that nothing above has caught.
      say([], `this ${manifest.object.kind} cannot be read: ${String(error)}`);
    }
  }
  return { pods, others, problems: [...new Set(problems)] };
}

function judge(found: PodOfManifest, pod: Pod, node: CheckedNode): PodCheck {
  const { sold } = node;
  const asked = sold === undefined ? undefined : askedOf(sizedPod(pod), sold.sizing);
  return {
    manifest: found.manifest,
    copies: found.copies,
    requests: podRequests(pod),
    verdict: verdict(pod, node),
    warnings: warningsOf(pod, node),
    asked,
    machine: sold === undefined || asked === undefined ? undefined : machineFor(asked, sold.machines ?? []),
    purchases:
      sold === undefined || asked === undefined
        ? []
        : perMarket(offersFor(pod, sold.offers, sold.wishes), asked),
    lineOf: (field) => lineOf(found, field),
  };
}

function warningsOf(pod: Pod, { capabilities: { exposesSecrets } }: CheckedNode): Warning[] {
  if (exposesSecrets === undefined) return [];
  const { ways, text } = exposesSecrets;
  const fields = secretUses(pod).flatMap(({ way, field }) => (ways.includes(way) ? field : []));
  return fields.length === 0 ? [] : [{ text, fields }];
}

/** Of each market the first offer that has a size. */
function perMarket(offers: readonly Offer[], asked: Asked): Purchase[] {
  const found = new Map<string, Purchase>();
  for (const offer of offers) {
    const purchase = found.has(offer.market) ? undefined : purchaseOf(asked, offer);
    if (purchase !== undefined) found.set(offer.market, purchase);
  }
  return [...found.values()];
}

function lineOf({ manifest, placeOf }: PodOfManifest, field: string): number {
  return manifest.lineOf(placeOf(parseFieldPath(field)));
}

/** The field as the manifest has it; a Pod's own field keeps the wording that the message came with. */
function nameOf(place: FieldPath, field: string): string {
  const text = place.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('');
  return text === '' ? field : text.slice(1);
}

function accountsIn(manifests: readonly Manifest[]): Accounts {
  return new Map(
    manifests
      .filter(({ object }) => object.kind === 'ServiceAccount' && object.apiVersion === 'v1')
      .map(({ object }) => [`${object.metadata.namespace ?? 'default'}/${object.metadata.name}`, object]),
  );
}
