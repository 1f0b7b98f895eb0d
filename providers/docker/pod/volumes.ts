import { chmod, chown, mkdir } from 'node:fs/promises';
import { ProviderError } from '../../contract/errors.ts';
import type { ContainerSpec, FileSpec, InstanceSpec } from '../../contract/instance-spec.ts';
import type { Engine } from '../engine/engine.ts';
import type { EngineMount } from '../engine/shapes.ts';
import { writeFilesAtomically } from './atomic-writer.ts';
import { volumeLabels, volumeName } from './labels.ts';
import type { PodFolders } from './pod-folder.ts';
import type { PodRecord, VolumeRecord } from './pod-record.ts';
import { resolveSubPath } from './sub-path.ts';

const emptyDirMode = 0o777;
const amd64PageBytes = 4096;

export interface VolumesDeps {
  readonly engine: Engine;
  readonly folders: PodFolders;
}

/**
 * The volumes of sandboxes. Folders under the state folder, mounted by the engine; those in memory are volumes of the
 * engine on a tmpfs, which the sandbox holds mounted for as long as it lives.
 */
export class Volumes {
  readonly #deps: VolumesDeps;

  constructor(deps: VolumesDeps) {
    this.#deps = deps;
  }

  /** Repeating it changes nothing that a container has written. */
  async prepare(sandboxId: string, spec: InstanceSpec, signal: AbortSignal): Promise<void> {
    const group = spec.securityContext.fsGroup;
    for (const volume of spec.volumes) {
      if (volume.kind === 'emptyDir' && volume.medium === 'Memory') {
        await this.#createMemory(sandboxId, spec, volume.name, volume.sizeLimitBytes, signal);
        continue;
      }
      const folder = this.folder(sandboxId, volume.name);
      await mkdir(folder, { recursive: true });
      if (group !== undefined) await chown(folder, -1, group);
      await chmod(folder, group === undefined ? emptyDirMode : emptyDirMode | 0o2000);
      if (volume.kind === 'files') await writeFilesAtomically(folder, volume.files, group);
    }
  }

  async update(
    { id, volumes, securityContext }: PodRecord,
    name: string,
    files: readonly FileSpec[],
  ): Promise<void> {
    const volume = volumes.find((known) => known.name === name);
    if (volume?.kind !== 'files')
      throw new ProviderError('NotFound', `sandbox ${id} has no volume ${name} with files`);
    await writeFilesAtomically(this.folder(id, name), files, securityContext.fsGroup);
  }

  /** What the sandbox mounts to keep it alive between two containers. */
  held(record: PodRecord): EngineMount[] {
    return record.volumes.filter(isInMemory).map(({ name }) => ({
      Type: 'volume',
      Source: volumeName(record.id, name),
      Target: `/volumes/${name}`,
    }));
  }

  async mounts(record: PodRecord, spec: ContainerSpec, signal: AbortSignal): Promise<EngineMount[]> {
    const mounts: EngineMount[] = [];
    for (const { volume: name, mountPath, readOnly, subPath } of spec.mounts) {
      const volume = record.volumes.find((known) => known.name === name);
      if (volume === undefined)
        throw new ProviderError(
          'InvalidSpec',
          `container ${spec.name} mounts ${name}, which is no volume of the Pod`,
          {
            field: 'volumeMounts',
          },
        );
      // As the kubelet does: a container must not write where the next update would take it away.
      const ReadOnly = readOnly || volume.kind === 'files';
      if (isInMemory(volume) && !subPath) {
        mounts.push({ Type: 'volume', Source: volumeName(record.id, name), Target: mountPath, ReadOnly });
        continue;
      }
      const folder = isInMemory(volume)
        ? (await this.#deps.engine.volume(volumeName(record.id, name), signal)).Mountpoint
        : this.folder(record.id, name);
      mounts.push(bind(subPath ? await resolveSubPath(folder, subPath) : folder, mountPath, ReadOnly));
    }
    return mounts;
  }

  /** Where a volume is that is not in memory. */
  folder(sandboxId: string, volume: string): string {
    return this.#deps.folders.at(sandboxId, 'volumes', volume);
  }

  /** Podman takes `size` for a quota of the disk. In pages it is the same, where it is known how large those are. */
  async #tmpfsSize(bytes: number, signal: AbortSignal): Promise<string> {
    const { Arch } = await this.#deps.engine.version(signal);
    return Arch === 'amd64' ? `nr_blocks=${Math.max(1, Math.ceil(bytes / amd64PageBytes))}` : `size=${bytes}`;
  }

  async #createMemory(
    sandboxId: string,
    spec: InstanceSpec,
    volume: string,
    sizeLimitBytes: number | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const group = spec.securityContext.fsGroup;
    const options = [
      group === undefined ? 'mode=1777' : `mode=3777,gid=${group}`,
      ...(sizeLimitBytes === undefined ? [] : [await this.#tmpfsSize(sizeLimitBytes, signal)]),
    ];
    await this.#deps.engine.createVolume(
      {
        Name: volumeName(sandboxId, volume),
        Labels: volumeLabels(spec.owner, sandboxId),
        DriverOpts: { type: 'tmpfs', device: 'tmpfs', o: options.join(',') },
      },
      signal,
    );
  }
}

export function bind(Source: string, Target: string, ReadOnly: boolean): EngineMount {
  return { Type: 'bind', Source, Target, ReadOnly };
}

function isInMemory(volume: VolumeRecord): boolean {
  return volume.kind === 'emptyDir' && volume.medium === 'Memory';
}
