import type { KubeClient } from '../../src/kube/client.ts';
import { isNotFound } from '../../src/kube/errors.ts';
import { configMaps, events, pods, type Resource, secrets } from '../../src/kube/resources.ts';
import type { KubeObject, Pod } from '../../src/kube/types.ts';
import type { Look, OracleCase } from './case.ts';
import type { Recorder, Sight } from './recorder.ts';

/** A node that Pods are run on, with a namespace for them. */
export interface Side {
  readonly node: string;
  readonly namespace: string;
}

/** What one node made of a case. */
export interface Performance {
  /** Of the Pod. */
  readonly uid: string;
  /** The version that is compared; undefined when it never came. */
  readonly final: Pod | undefined;
  /** From the first on, up to the final one. */
  readonly sights: readonly Sight[];
  /** What did not happen in time. */
  readonly trouble?: string;
}

export interface PlayDeps {
  readonly client: KubeClient;
  readonly recorder: Recorder;
}

const defaultSeconds = 60;
/** On what is made for a case. */
const caseLabel = 'burstlet.dev/oracle-case';

/** Runs the Pod of a case on a node until it is where it is to be compared. The Pod stays. */
export async function play(one: OracleCase, side: Side, deps: PlayDeps): Promise<Performance> {
  const { client, recorder } = deps;
  const { namespace } = side;
  const { name } = one;
  const deadline = Date.now() + (one.seconds ?? defaultSeconds) * 1000;
  const create = <T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> =>
    client.create(resource, {
      ...object,
      metadata: { ...object.metadata, namespace, labels: { [caseLabel]: name } },
    });
  recorder.forget(namespace, name);
  for (const object of one.configMaps ?? []) await create(configMaps, object);
  for (const object of one.secrets ?? []) await create(secrets, object);
  const { metadata } = await client.create(pods, podOf(one, side));
  const uid = metadata?.uid ?? '';
  let from = 0;
  for (const [index, { when, act }] of (one.steps ?? []).entries()) {
    const found = await seen(recorder, namespace, name, when, from, deadline);
    if (found === undefined) return failed(recorder, side, name, uid, `step ${index + 1} was never due`);
    await act({ client, namespace, name, create });
    from = found + 1;
  }
  const last = await seen(recorder, namespace, name, one.until, from, deadline);
  if (last === undefined) return failed(recorder, side, name, uid, 'it never came to the status to compare');
  const { sights } = recorder.of(namespace, name);
  return { uid, final: sights[last]?.pod, sights: sights.slice(0, last + 1) };
}

/** Reasons of the Events about a Pod, each once: `Warning Failed main`. */
export async function eventsOf(client: KubeClient, { namespace }: Side, uid: string): Promise<string[]> {
  const fieldSelector = `involvedObject.uid=${uid}`;
  const { items } = await client.list(events, { namespace, fieldSelector });
  const lines = items.map(({ type, reason, involvedObject }) => {
    const container = /\{(.*)\}/.exec(involvedObject.fieldPath ?? '')?.[1];
    return [type, reason, ...(container === undefined ? [] : [container])].join(' ');
  });
  return [...new Set(lines)].toSorted();
}

/** Removes what is left of it, so that the next Pods have the node for themselves. Resolves when it is gone. */
export async function clear(one: OracleCase, { namespace }: Side, deps: PlayDeps): Promise<void> {
  const { client, recorder } = deps;
  const key = { namespace, name: one.name };
  try {
    if (one.metadata?.finalizers !== undefined)
      await client.patch(pods, key, { metadata: { finalizers: null } }, { type: 'merge' });
    await client.delete(pods, key, { gracePeriodSeconds: 1 });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  for (const resource of [configMaps, secrets]) {
    const { items } = await client.list(resource, { namespace, labelSelector: `${caseLabel}=${one.name}` });
    for (const { metadata } of items)
      await client.delete(resource, { namespace, name: metadata?.name ?? '' });
  }
  await seen(recorder, namespace, one.name, 'gone', 0, Date.now() + defaultSeconds * 1000);
}

function podOf(one: OracleCase, { node, namespace }: Side): Pod {
  const { name, metadata, spec, bound } = one;
  const place = bound ? { nodeName: node } : { nodeSelector: { 'kubernetes.io/hostname': node } };
  return { metadata: { ...metadata, name, namespace }, spec: { ...place, ...spec } };
}

/** The index of the first version from that one on that is so; undefined when none comes in time. */
async function seen(
  recorder: Recorder,
  namespace: string,
  name: string,
  look: Look | 'gone',
  from: number,
  deadline: number,
): Promise<number | undefined> {
  const late = new Promise((resolve) => setTimeout(resolve, deadline - Date.now()).unref());
  for (let next = from; ; ) {
    const changed = recorder.change();
    const { sights, gone } = recorder.of(namespace, name);
    if (look === 'gone') {
      if (gone) return sights.length - 1;
    } else
      for (; next < sights.length; next++) {
        const sight = sights[next];
        if (sight !== undefined && look(sight.pod)) return next;
      }
    if (Date.now() >= deadline) return undefined;
    await Promise.race([changed, late]);
  }
}

function failed(
  recorder: Recorder,
  { namespace }: Side,
  name: string,
  uid: string,
  trouble: string,
): Performance {
  const { sights } = recorder.of(namespace, name);
  return { uid, final: sights.at(-1)?.pod, sights, trouble };
}
