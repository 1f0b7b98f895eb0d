import type { VolumeSpec } from '../../providers/contract/index.ts';
import { parseQuantity, QuantityError, toUnits } from '../kube/quantity.ts';
import type { Pod, Volume } from '../kube/types.ts';
import type { ResolveInput } from './env.ts';
import { Issues } from './issues.ts';
import { type FilesSource, projectFiles } from './volume-files.ts';

const defaultMode = 0o644;

/** The volumes of the Pod with their contents. What the node cannot resolve is invalid, never left out. */
export function podVolumes(input: ResolveInput): VolumeSpec[] {
  return (input.pod.spec?.volumes ?? []).flatMap((volume, index) => {
    const spec = oneVolume(volume, `spec.volumes[${index}]`, input);
    return spec === undefined ? [] : [spec];
  });
}

/** Those of the Pod's volumes that are all there: what is missing leaves out its own volume and no other. */
export function completeVolumes(input: Omit<ResolveInput, 'issues'>): VolumeSpec[] {
  return (input.pod.spec?.volumes ?? []).flatMap((volume, index) => {
    const issues = new Issues();
    const spec = oneVolume(volume, `spec.volumes[${index}]`, { ...input, issues });
    return spec === undefined || issues.missing.length + issues.invalid.length > 0 ? [] : [spec];
  });
}

function oneVolume(volume: Volume, path: string, input: ResolveInput): VolumeSpec | undefined {
  const { name, emptyDir } = volume;
  if (emptyDir !== undefined) return scratch(name, emptyDir, `${path}.emptyDir`, input);
  const found = filesSource(volume, path);
  if (found === undefined) {
    const source = Object.keys(volume).find((field) => field !== 'name') ?? '';
    input.issues.addInvalid(`${path}.${source}`, 'the node knows no way to hand such a volume to a provider');
    return undefined;
  }
  const { files, refreshable } = projectFiles(name, found.sources, found.mode, input);
  return { name, kind: 'files', files, refreshable };
}

function scratch(
  name: string,
  { medium = '', sizeLimit }: NonNullable<Volume['emptyDir']>,
  path: string,
  { issues }: ResolveInput,
): VolumeSpec | undefined {
  if (medium !== '' && medium !== 'Memory') {
    issues.addInvalid(`${path}.medium`, `the node knows no medium ${medium}; leave it out or use Memory`);
    return undefined;
  }
  try {
    const limit = sizeLimit === undefined ? 0 : toUnits(parseQuantity(sizeLimit));
    return { name, kind: 'emptyDir', medium, ...(limit > 0 ? { sizeLimitBytes: limit } : {}) };
  } catch (error) {
    if (!(error instanceof QuantityError)) throw error;
    issues.addInvalid(`${path}.sizeLimit`, error.message);
    return undefined;
  }
}

/** The four volume types that are made of files, brought to one shape: a list of projected sources. */
function filesSource(
  { configMap, secret, downwardAPI, projected }: Volume,
  path: string,
): { readonly sources: readonly FilesSource[]; readonly mode: number } | undefined {
  if (configMap !== undefined) {
    const { defaultMode: mode = defaultMode, ...source } = configMap;
    return { sources: [{ path: `${path}.configMap`, configMap: source }], mode };
  }
  if (secret !== undefined) {
    const { defaultMode: mode = defaultMode, secretName, ...source } = secret;
    const named = secretName === undefined ? source : { ...source, name: secretName };
    return { sources: [{ path: `${path}.secret`, secret: named }], mode };
  }
  if (downwardAPI !== undefined) {
    const { defaultMode: mode = defaultMode, ...source } = downwardAPI;
    return { sources: [{ path: `${path}.downwardAPI`, downwardAPI: source }], mode };
  }
  if (projected === undefined) return undefined;
  const sources = (projected.sources ?? []).map((source, index) => ({
    path: `${path}.projected.sources[${index}]`,
    ...source,
  }));
  return { sources, mode: projected.defaultMode ?? defaultMode };
}

/** Volumes of files are read-only wherever they are mounted, as the kubelet has it. */
export function readOnlyVolumes(pod: Pod): ReadonlySet<string> {
  return new Set(
    (pod.spec?.volumes ?? [])
      .filter((volume) => filesSource(volume, '') !== undefined)
      .map((volume) => volume.name),
  );
}
