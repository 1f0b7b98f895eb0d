import type { ProviderClock } from '../contract/clock.ts';
import { ProviderError } from '../contract/errors.ts';
import type { InstanceSpec } from '../contract/instance-spec.ts';
import type { ProviderLog } from '../contract/provider.ts';
import type { SandboxState } from '../contract/runtime.ts';
import type { Engine } from './engine/engine.ts';
import { hasDependents, hasStatus, telling, unlessGone } from './engine/errors.ts';
import { endHalfStarted, isHalfStarted } from './half-started.ts';
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

/** The file that is written last. */
const hosts = 'hosts';
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
  readonly clock: ProviderClock;
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
    // Without a record nobody has tried before, and the engine need not be asked.
    const before = (await folders.isKnown(id)) ? await containers.look(sandboxName(id), signal) : undefined;
    if (before !== undefined && before.owner.podUid !== spec.owner.podUid)
      throw new ProviderError(
        'InvalidSpec',
        `the token belongs to the sandbox of Pod ${before.owner.podUid}`,
      );
    const record = podRecord(id, await machine.identity(signal), spec);
    await folders.create(record);
    await volumes.prepare(id, spec, signal);
    await image.ensure(signal);
    const isNew = before === undefined && (await this.#make(record, signal));
    const { createdAt, ips } = await this.run(record, signal);
    if (isNew) return { id, owner: record.owner, createdAt, ips, containers: [] };
    const [seen] = await containers.sandboxes(inSandboxFilter(id), signal);
    if (seen === undefined)
      throw new ProviderError('Retryable', `sandbox ${id} was removed while it was made`);
    return seen.state;
  }

  /** Does what a crash has left undone of {@link run}: without its files no container can be made. */
  async complete(record: PodRecord, signal: AbortSignal): Promise<void> {
    if (!(await this.#deps.folders.has(record.id, hosts))) await this.run(record, signal);
  }

  /** Starts the sandbox (again), and writes down the address it has got. */
  async run(record: PodRecord, signal: AbortSignal): Promise<Seen> {
    const { engine, machine, containers, folders } = this.#deps;
    const name = sandboxName(record.id);
    const aside = `${name}-aside`;
    // It is there only when it has the address of the latest start.
    await folders.drop(record.id, hosts);
    try {
      await engine.start(name, signal);
    } catch (error) {
      const isRefused = error instanceof Error && isRefusedByRuntime(error.message);
      if (isRefused) {
        // Nothing else can be wrong with this program: the engine may not protect it from running out of memory.
        machine.keepOomScore();
        const message = 'the engine may not lower the OOM score; its containers keep 0';
        this.#deps.log.info({ err: error.message }, message);
      }
      if (isHalfStarted(error)) await endHalfStarted(this.#deps, name, signal);
      if (isRefused || isHalfStarted(error)) {
        // Not removed before the new one is there: a sandbox of which there is nothing counts as lost.
        await unlessGone(engine.remove(aside, { force: true }, signal));
        await engine.rename(name, aside, signal);
      } else if (!hasStatus(error, 404) || (await containers.look(aside, signal)) === undefined) throw error;
      await this.#make(record, signal);
      await engine.start(name, signal);
      await unlessGone(engine.remove(aside, { force: true }, signal));
    }
    const seen = await containers.look(name, signal);
    if (seen === undefined) throw new ProviderError('NotFound', `there is no sandbox ${record.id}`);
    const resolver = resolverFile(record);
    if (resolver !== undefined) await folders.write(record.id, 'resolv.conf', resolver, 0o644);
    await folders.write(record.id, hosts, hostsFile(record, seen.ips), 0o644);
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

  /** False when it was there already: made by an earlier call whose answer was lost. */
  async #make(record: PodRecord, signal: AbortSignal): Promise<boolean> {
    const { engine, containers, machine, settings, volumes, image } = this.#deps;
    const facts = await machine.facts(signal);
    const config = sandboxConfig(record, settings, facts, volumes.held(record));
    for (let isSecond = false; ; isSecond = true) {
      try {
        await telling(`sandbox ${record.id} cannot be made`, () =>
          engine.create(sandboxName(record.id), config, signal),
        );
        return true;
      } catch (error) {
        if (hasStatus(causeOf(error), 409)) {
          if ((await containers.look(sandboxName(record.id), signal)) !== undefined) return false;
          // Somebody else has taken the name.
          throw error;
        }
        image.forget();
        // Somebody has removed the image meanwhile.
        if (isSecond || !hasStatus(causeOf(error), 404)) throw error;
        await image.ensure(signal);
      }
    }
  }

  /** 409: the engine is removing it already. One that others depend on is left for the next round. */
  async #removeOne(id: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#deps.engine.remove(id, { force: true }, signal);
    } catch (error) {
      if (!hasStatus(error, 404, 409) && !hasDependents(error)) throw error;
    }
  }
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}
