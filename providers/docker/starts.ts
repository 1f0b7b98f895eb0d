import { chmod, writeFile } from 'node:fs/promises';
import type { ProviderClock } from '../contract/clock.ts';
import { ProviderError } from '../contract/errors.ts';
import type { ContainerSpec } from '../contract/instance-spec.ts';
import type { RuntimeContainer } from '../contract/runtime.ts';
import type { Engine } from './engine/engine.ts';
import { EngineError, hasStatus, toProviderError, unlessGone } from './engine/errors.ts';
import type { EngineMount } from './engine/shapes.ts';
import { endHalfStarted, isHalfStarted } from './half-started.ts';
import type { Images, PresentImage } from './image/images.ts';
import type { Machine } from './machine.ts';
import type { Notices } from './notices.ts';
import type { EngineSettings } from './pod/configs.ts';
import { containerConfig } from './pod/configs.ts';
import { containerName, inSandboxFilter } from './pod/labels.ts';
import { resolverFile } from './pod/managed-files.ts';
import type { PodFolders } from './pod/pod-folder.ts';
import type { PodRecord } from './pod/pod-record.ts';
import { verifyRunAsNonRoot } from './pod/security.ts';
import type { Volumes } from './pod/volumes.ts';
import { bind } from './pod/volumes.ts';
import type { Sandboxes } from './sandboxes.ts';
import type { Containers } from './view/containers.ts';
import { isRefusedByRuntime } from './view/run-state.ts';
import { messageFile } from './view/termination-message.ts';

/** Making and starting are not called off: then it would be unknown what became of them. */
const makeTimeoutMs = 180_000;

export interface StartsDeps {
  readonly engine: Engine;
  readonly containers: Containers;
  readonly folders: PodFolders;
  readonly volumes: Volumes;
  readonly images: Images;
  readonly notices: Notices;
  readonly machine: Machine;
  readonly sandboxes: Sandboxes;
  readonly settings: EngineSettings;
  readonly clock: ProviderClock;
  readonly remote: boolean;
}

/** Starts runs of containers. */
export class Starts {
  readonly #deps: StartsDeps;

  constructor(deps: StartsDeps) {
    this.#deps = deps;
  }

  /** The run that is there under this number, or a new one. */
  async start(
    sandboxId: string,
    spec: ContainerSpec,
    run: number,
    signal: AbortSignal,
  ): Promise<RuntimeContainer> {
    const { containers, folders, images, notices, remote } = this.#deps;
    const name = containerName(sandboxId, spec.name, run);
    const record = await folders.read(sandboxId);
    // Its message file is made before it is: without that nobody has tried, and the engine need not be asked.
    const isNew = !remote && !(await folders.has(sandboxId, messageFile(spec.name, run)));
    const before = isNew ? undefined : await containers.look(name, signal);
    if (before?.run !== undefined) return before.run;
    const tell = (reason: string, message: string): void =>
      notices.tell(record.owner, sandboxId, { type: 'Normal', reason, message, container: spec.name });
    const image = await images.ensure(spec, record.registryCredentials, tell, signal);
    verifyRunAsNonRoot(spec, record.securityContext, image.user, record.owner);
    signal.throwIfAborted();
    const limit = AbortSignal.timeout(makeTimeoutMs);
    if (before === undefined) await this.#make(record, spec, run, image, limit);
    tell('Created', 'Container created');
    signal.throwIfAborted();
    await this.#run(record, spec, run, limit);
    const started = await containers.look(name, limit);
    if (started?.run !== undefined) return started.run;
    throw new ProviderError('Retryable', `container ${spec.name} was removed while it was started`, {
      reason: 'RunContainerError',
    });
  }

  async #make(
    record: PodRecord,
    spec: ContainerSpec,
    run: number,
    image: PresentImage,
    signal: AbortSignal,
  ): Promise<void> {
    const { engine, containers, machine, settings, sandboxes, remote } = this.#deps;
    const name = containerName(record.id, spec.name, run);
    if (!remote) await sandboxes.complete(record, signal);
    const mounts = await this.#mounts(record, spec, run, signal);
    const facts = await machine.facts(signal);
    const target = await this.#target(record.id, spec, signal);
    const config = containerConfig(record, spec, run, image, settings, facts, mounts, target);
    try {
      await engine.create(name, config, signal);
    } catch (error) {
      // Made by an earlier call whose answer was lost; unless somebody else has taken the name.
      if (hasStatus(error, 409) && (await containers.look(name, signal)) !== undefined) return;
      throw toProviderError(error, `container ${spec.name}`, 'CreateContainerError');
    }
  }

  /** The id of the container whose processes this one is to see. */
  async #target(
    sandboxId: string,
    { targetContainer }: ContainerSpec,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    if (targetContainer === undefined) return undefined;
    const [sandbox] = await this.#deps.containers.sandboxes(inSandboxFilter(sandboxId), signal);
    const runs = (sandbox?.state.containers ?? []).filter(({ name }) => name === targetContainer);
    const running = runs.findLast(({ state }) => state.kind === 'running');
    if (running !== undefined) return running.id;
    throw new ProviderError('Retryable', `target container ${targetContainer} is not running`, {
      reason: 'CreateContainerError',
    });
  }

  async #run(record: PodRecord, spec: ContainerSpec, run: number, signal: AbortSignal): Promise<void> {
    const { engine, sandboxes } = this.#deps;
    const name = containerName(record.id, spec.name, run);
    for (let isSecond = false; ; isSecond = true) {
      try {
        return await engine.start(name, signal);
      } catch (error) {
        if (!(error instanceof EngineError)) throw error;
        // A run that ended as it began: so it is told.
        if (isRefusedByRuntime(error.message))
          return await this.#noteRefusal(record, spec, run, error, signal);
        if (!isSecond && isSandboxAsleep(error)) {
          await sandboxes.run(record, signal);
          continue;
        }
        // Podman fails where a short program has ended before it was looked at. It must not run again.
        if ((await this.#deps.containers.look(name, signal))?.run !== undefined) return;
        if (isHalfStarted(error)) await endHalfStarted(this.#deps, name, signal);
        await unlessGone(engine.remove(name, { force: true }, signal));
        throw toProviderError(
          new EngineError(500, error.message),
          `container ${spec.name}`,
          'RunContainerError',
        );
      }
    }
  }

  /** Docker notes why a container was refused, Podman does not: then it is what the run has left as its message. */
  async #noteRefusal(
    record: PodRecord,
    spec: ContainerSpec,
    run: number,
    { message }: EngineError,
    signal: AbortSignal,
  ): Promise<void> {
    const { containers, folders } = this.#deps;
    const seen = await containers.look(containerName(record.id, spec.name, run), signal);
    if (seen === undefined || seen.run !== undefined) return;
    await folders.write(record.id, messageFile(spec.name, run), message, 0o666);
    containers.forget(seen.id);
  }

  async #mounts(
    record: PodRecord,
    spec: ContainerSpec,
    run: number,
    signal: AbortSignal,
  ): Promise<EngineMount[]> {
    const { folders, volumes, remote } = this.#deps;
    const asked = await volumes.mounts(record, spec, signal);
    // The engine cannot see the files of this machine: it serves its own.
    if (remote) return asked;
    const message = folders.at(record.id, messageFile(spec.name, run));
    await writeFile(message, '', { flag: 'a', mode: 0o666 });
    await chmod(message, 0o666);
    const own = [
      bind(
        folders.at(record.id, 'hosts'),
        '/etc/hosts',
        spec.securityContext.readOnlyRootFilesystem ?? false,
      ),
      ...(resolverFile(record) === undefined
        ? []
        : [bind(folders.at(record.id, 'resolv.conf'), '/etc/resolv.conf', false)]),
      bind(message, spec.terminationMessagePath, false),
    ];
    const taken = new Set(asked.map(({ Target }) => Target));
    return [...asked, ...own.filter(({ Target }) => !taken.has(Target))];
  }
}

/** After a restart of the engine, or of the machine, the sandbox has to be started first. */
function isSandboxAsleep({ message }: EngineError): boolean {
  return /non[- ]running container|is not running/i.test(message);
}
