import { ProviderError } from '../contract/errors.ts';
import type { InstanceSpec } from '../contract/instance-spec.ts';
import type { ProviderLog } from '../contract/provider.ts';
import type { SandboxState } from '../contract/runtime.ts';
import type { Engine } from './engine/engine.ts';
import { hasStatus, telling, unlessGone } from './engine/errors.ts';
import type { SandboxImage } from './image/sandbox-image.ts';
import type { Machine } from './machine.ts';
import type { EngineSettings } from './pod/configs.ts';
import { sandboxConfig } from './pod/configs.ts';
import { inSandboxFilter, isSandboxContainer, sandboxName } from './pod/labels.ts';
import { hostsFile, resolverFile } from './pod/managed-files.ts';
import type { PodFolders } from './pod/pod-folder.ts';
import type { PodRecord } from './pod/pod-record.ts';
import { podRecord } from './pod/pod-record.ts';
import type { Volumes } from './pod/volumes.ts';
import type { Containers, Seen } from './view/containers.ts';
import { isRefusedByRuntime } from './view/run-state.ts';

/** A removal is repeated until nothing is left, at most so often. */
const removalRounds = 5;

export interface SandboxesDeps {
  readonly engine: Engine;
  readonly containers: Containers;
  readonly folders: PodFolders;
  readonly volumes: Volumes;
  readonly image: SandboxImage;
  readonly machine: Machine;
  readonly settings: EngineSettings;
  readonly log: ProviderLog;
}

/** Makes sandboxes and removes them with all that is in them. */
export class Sandboxes {
  readonly #deps: SandboxesDeps;

  constructor(deps: SandboxesDeps) {
    this.#deps = deps;
  }

  /** Its name at the engine comes from its id, so repeating it finds what is there. */
  async create(id: string, spec: InstanceSpec, signal: AbortSignal): Promise<SandboxState> {
    const { folders, volumes, image, machine, containers } = this.#deps;
    const before = await containers.look(sandboxName(id), signal);
    if (before !== undefined && before.owner.podUid !== spec.owner.podUid)
      throw new ProviderError(
        'InvalidSpec',
        `the token belongs to the sandbox of Pod ${before.owner.podUid}`,
      );
    const record = podRecord(id, await machine.identity(signal), spec);
    await folders.create(record);
    await volumes.prepare(id, spec, signal);
    await image.ensure(signal);
    if (before === undefined) await this.#make(record, signal);
    await this.run(record, signal);
    const [seen] = await containers.sandboxes(inSandboxFilter(id), signal);
    if (seen === undefined)
      throw new ProviderError('Retryable', `sandbox ${id} was removed while it was made`);
    return seen.state;
  }

  /** Starts the sandbox (again), and writes down the address it has got. */
  async run(record: PodRecord, signal: AbortSignal): Promise<Seen> {
    const { engine, machine, containers, folders } = this.#deps;
    const name = sandboxName(record.id);
    try {
      await engine.start(name, signal);
    } catch (error) {
      // Nothing else can be wrong with this program: the engine may not protect it from running out of memory.
      if (!(error instanceof Error && isRefusedByRuntime(error.message))) throw error;
      machine.keepOomScore();
      this.#deps.log.info(
        { err: error.message },
        'the engine may not lower the OOM score; its containers keep 0',
      );
      await unlessGone(engine.remove(name, { force: true }, signal));
      await this.#make(record, signal);
      await engine.start(name, signal);
    }
    const seen = await containers.look(name, signal);
    if (seen === undefined) throw new ProviderError('NotFound', `there is no sandbox ${record.id}`);
    await folders.write(record.id, 'hosts', hostsFile(record, seen.ips), 0o644);
    const resolver = resolverFile(record);
    if (resolver !== undefined) await folders.write(record.id, 'resolv.conf', resolver, 0o644);
    return seen;
  }

  /** Resolves when the engine has nothing of it any more. What a crash interrupts is taken up by the next call. */
  async remove(sandboxId: string, signal: AbortSignal): Promise<void> {
    const { engine, folders } = this.#deps;
    const filters = inSandboxFilter(sandboxId);
    for (let round = 1; ; round++) {
      const listed = await engine.containers(filters, signal);
      if (listed.length === 0) break;
      if (round > removalRounds)
        throw new ProviderError(
          'Retryable',
          `${listed.length} containers of sandbox ${sandboxId} are not gone yet`,
        );
      // The sandbox itself goes last: as long as it is there, a list shows that something is left.
      const sandbox = listed.filter(({ Labels }) => isSandboxContainer(Labels));
      const others = listed.filter((one) => !sandbox.includes(one));
      await Promise.all(others.map(({ Id }) => this.#removeOne(Id, signal)));
      if (sandbox.length > 0) await folders.remove(sandboxId);
      await Promise.all(sandbox.map(({ Id }) => this.#removeOne(Id, signal)));
    }
    const { Volumes } = await engine.volumes(filters, signal);
    await Promise.all((Volumes ?? []).map(({ Name }) => unlessGone(engine.removeVolume(Name, signal))));
    await folders.remove(sandboxId);
  }

  async #make(record: PodRecord, signal: AbortSignal): Promise<void> {
    const { engine, machine, settings, volumes, image } = this.#deps;
    const facts = await machine.facts(signal);
    const config = sandboxConfig(record, settings, facts, volumes.held(record));
    try {
      await telling(`sandbox ${record.id} cannot be made`, () =>
        engine.create(sandboxName(record.id), config, signal),
      );
    } catch (error) {
      // Made by an earlier call whose answer was lost.
      if (hasStatus(causeOf(error), 409)) return;
      image.forget();
      throw error;
    }
  }

  /** 409: the engine is removing it already. */
  async #removeOne(id: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#deps.engine.remove(id, { force: true }, signal);
    } catch (error) {
      if (!hasStatus(error, 404, 409)) throw error;
    }
  }
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}
