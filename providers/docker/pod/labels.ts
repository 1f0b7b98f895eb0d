import { createHash } from 'node:crypto';
import type { ContainerSpec } from '../../contract/instance-spec.ts';
import type { OwnerScope, Ownership } from '../../contract/ownership.ts';
import { ownershipFromTags, ownershipTags } from '../../contract/ownership.ts';
import type { Filters } from '../engine/shapes.ts';

/**
 * Everything that is made at the engine carries these labels from its first moment: whose it is, and what a restarted
 * daemon must know of it that the engine does not keep.
 */
const label = {
  cluster: 'burstlet.dev/cluster',
  node: 'burstlet.dev/node',
  sandbox: 'burstlet.dev/sandbox',
  role: 'burstlet.dev/role',
  container: 'burstlet.dev/container',
  run: 'burstlet.dev/run',
  image: 'burstlet.dev/image',
  imageId: 'burstlet.dev/image-id',
  messagePolicy: 'burstlet.dev/termination-message-policy',
} as const;

type Labels = Readonly<Record<string, string>>;

/** What the labels of a container say. */
export type Labelled =
  | { readonly role: 'sandbox'; readonly sandboxId: string; readonly owner: Ownership }
  | {
      readonly role: 'container';
      readonly sandboxId: string;
      readonly owner: Ownership;
      readonly name: string;
      readonly run: number;
      readonly image: string;
      readonly imageId: string;
      readonly messagePolicy: ContainerSpec['terminationMessagePolicy'];
    };

/** The id of a sandbox: the same token always gives the same. */
export function sandboxIdOf(token: string): string {
  return createHash('sha256').update(token).digest('hex').slice(0, 32);
}

/** Names at the engine. They are unique there, which is what makes creating idempotent. */
export function sandboxName(sandboxId: string): string {
  return `burstlet-${sandboxId}`;
}

export function containerName(sandboxId: string, container: string, run: number): string {
  return `burstlet-${sandboxId}-${container}-${run}`;
}

export function volumeName(sandboxId: string, volume: string): string {
  return `burstlet-${sandboxId}-${volume}`;
}

export function sandboxLabels(owner: Ownership, sandboxId: string): Labels {
  return { ...ownershipTags(owner), [label.sandbox]: sandboxId, [label.role]: 'sandbox' };
}

export function volumeLabels(owner: Ownership, sandboxId: string): Labels {
  return { ...ownershipTags(owner), [label.sandbox]: sandboxId };
}

export function containerLabels(
  owner: Ownership,
  sandboxId: string,
  spec: Pick<ContainerSpec, 'name' | 'image' | 'terminationMessagePolicy'>,
  run: number,
  imageId: string,
): Labels {
  return {
    ...ownershipTags(owner),
    [label.sandbox]: sandboxId,
    [label.role]: 'container',
    [label.container]: spec.name,
    [label.run]: String(run),
    [label.image]: spec.image,
    [label.imageId]: imageId,
    [label.messagePolicy]: spec.terminationMessagePolicy,
  };
}

/** Undefined for what is not ours. */
export function readLabels(labels: Labels): Labelled | undefined {
  const owner = ownershipFromTags(labels);
  const sandboxId = labels[label.sandbox];
  if (owner === undefined || !sandboxId) return undefined;
  if (labels[label.role] === 'sandbox') return { role: 'sandbox', sandboxId, owner };
  const name = labels[label.container];
  const run = labels[label.run];
  if (!name || !run || !/^\d{1,9}$/.test(run)) return undefined;
  return {
    role: 'container',
    sandboxId,
    owner,
    name,
    run: Number(run),
    image: labels[label.image] ?? '',
    imageId: labels[label.imageId] ?? '',
    messagePolicy: labels[label.messagePolicy] === 'FallbackToLogsOnError' ? 'FallbackToLogsOnError' : 'File',
  };
}

export function inScopeFilter({ clusterUid, node }: OwnerScope): Filters {
  return { label: [`${label.cluster}=${clusterUid}`, `${label.node}=${node}`] };
}

export function inSandboxFilter(sandboxId: string): Filters {
  return { label: [`${label.sandbox}=${sandboxId}`] };
}

/** Everything of ours, of whatever cluster and node. */
export const anySandboxFilter: Filters = { label: [label.sandbox] };

/** The container of the sandbox itself, among those of a list. */
export function isSandboxContainer(labels: Labels): boolean {
  return labels[label.role] === 'sandbox';
}
