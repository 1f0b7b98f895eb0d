import type { FileSpec } from '../../providers/contract/index.ts';
import type { Volume } from '../kube/types.ts';
import { fieldForFile, resourceAmount } from './downward.ts';
import type { ResolveInput } from './env.ts';
import { own } from './own.ts';
import { findContainer } from './placed-container.ts';
import { tokenKey } from './references.ts';
import { secretBytes } from './secret-data.ts';

type Projection = NonNullable<NonNullable<Volume['projected']>['sources']>[number];
type KeyItems = NonNullable<NonNullable<Projection['configMap']>['items']>;

/** One projected source and where it stands in the Pod. */
export type FilesSource = Projection & { readonly path: string };

interface Files {
  readonly files: readonly FileSpec[];
  /** Something in it can change while the Pod runs. */
  readonly refreshable: boolean;
}

/** The files of a volume, later sources over earlier ones (pkg/volume/{configmap,secret,downwardapi,projected}). */
export function projectFiles(
  volume: string,
  sources: readonly FilesSource[],
  defaultMode: number,
  input: ResolveInput,
): Files {
  const files = new Map<string, FileSpec>();
  let refreshable = false;
  for (const source of sources) {
    const found = filesOf(volume, source, defaultMode, input);
    refreshable ||= found.refreshable;
    for (const file of found.files) {
      if (isInside(file.path)) files.set(file.path, file);
      else input.issues.addInvalid(source.path, `the path "${file.path}" leads out of the volume`);
    }
  }
  return { files: [...files.values()], refreshable };
}

function filesOf(volume: string, source: FilesSource, defaultMode: number, input: ResolveInput): Files {
  const { path, configMap, secret, downwardAPI, serviceAccountToken } = source;
  if (configMap !== undefined) {
    const found = input.refs.configMaps.get(configMap.name ?? '');
    const data = found && {
      ...mapValues(found.data, (text) => Buffer.from(text, 'utf8')),
      ...mapValues(found.binaryData, (text) => Buffer.from(text, 'base64')),
    };
    const files = keyFiles('ConfigMap', data, configMap, { volume, path, defaultMode }, input);
    return { files, refreshable: found?.immutable !== true };
  }
  if (secret !== undefined) {
    const found = input.refs.secrets.get(secret.name ?? '');
    const files = keyFiles('Secret', secretBytes(found), secret, { volume, path, defaultMode }, input);
    return { files, refreshable: found?.immutable !== true };
  }
  if (downwardAPI !== undefined)
    return { files: downwardFiles(downwardAPI, path, defaultMode, input), refreshable: true };
  if (serviceAccountToken !== undefined) {
    const files = tokenFile(volume, serviceAccountToken.path, path, defaultMode, input);
    return { files, refreshable: true };
  }
  input.issues.addInvalid(path, 'the node does not resolve this source');
  return { files: [], refreshable: false };
}

interface Place {
  readonly volume: string;
  readonly path: string;
  readonly defaultMode: number;
}

/** The keys of a ConfigMap or Secret: all of them, or those of `items` under other names. */
function keyFiles(
  kind: 'ConfigMap' | 'Secret',
  data: Readonly<Record<string, Uint8Array>> | undefined,
  ref: { readonly name?: string; readonly items?: KeyItems; readonly optional?: boolean },
  { volume, path, defaultMode }: Place,
  { pod, issues }: ResolveInput,
): FileSpec[] {
  const { name = '', items, optional = false } = ref;
  const secret = kind === 'Secret';
  const namespace = pod.metadata?.namespace ?? '';
  const missing = (what: string): void => {
    if (optional) return;
    issues.missing.push({
      ...{ kind, namespace, name, field: path },
      reason: 'ContainerCreating',
      message: `MountVolume.SetUp failed for volume "${volume}" : ${what}`,
    });
  };
  if (data === undefined) {
    missing(`${kind.toLowerCase()} "${name}" not found`);
    return [];
  }
  if (items === undefined || items.length === 0)
    return Object.entries(data).map(([key, content]) => ({ path: key, content, mode: defaultMode, secret }));
  return items.flatMap(({ key, path: file, mode = defaultMode }) => {
    const content = own(data, key);
    if (content !== undefined) return [{ path: file, content, mode, secret }];
    missing(`references non-existent ${secret ? 'secret' : 'config'} key: ${key}`);
    return [];
  });
}

function downwardFiles(
  { items = [] }: NonNullable<Volume['downwardAPI']>,
  path: string,
  defaultMode: number,
  { pod, context, issues }: ResolveInput,
): FileSpec[] {
  return items.flatMap(({ path: file, mode = defaultMode, fieldRef, resourceFieldRef }, index) => {
    const at = `${path}.items[${index}]`;
    const container = findContainer(pod, resourceFieldRef?.containerName);
    const found =
      fieldRef !== undefined
        ? fieldForFile(pod, fieldRef.fieldPath)
        : resourceFieldRef === undefined
          ? { problem: 'it names neither a field nor an amount' }
          : container === undefined
            ? { problem: `there is no container "${resourceFieldRef.containerName ?? ''}"` }
            : resourceAmount(container, resourceFieldRef, context.allocatable);
    if ('problem' in found) {
      issues.addInvalid(at, found.problem);
      return [];
    }
    return [{ path: file, content: Buffer.from(found.value), mode, secret: false }];
  });
}

function tokenFile(
  volume: string,
  file: string,
  path: string,
  mode: number,
  { pod, refs, issues }: ResolveInput,
): FileSpec[] {
  const token = refs.tokens.get(tokenKey(volume, file));
  if (token !== undefined) return [{ path: file, content: Buffer.from(token), mode, secret: true }];
  const account = pod.spec?.serviceAccountName ?? 'default';
  issues.missing.push({
    kind: 'ServiceAccountToken',
    namespace: pod.metadata?.namespace ?? '',
    name: account,
    field: `${path}.serviceAccountToken`,
    reason: 'ContainerCreating',
    message: `MountVolume.SetUp failed for volume "${volume}" : failed to fetch token: no token for service account "${account}" yet`,
  });
  return [];
}

function mapValues<T>(
  map: Readonly<Record<string, string>> | undefined,
  to: (text: string) => T,
): Record<string, T> {
  return Object.fromEntries(Object.entries(map ?? {}).map(([key, text]) => [key, to(text)]));
}

/** Relative, and with no way up. */
function isInside(path: string): boolean {
  return path !== '' && !path.startsWith('/') && !path.split('/').includes('..');
}
