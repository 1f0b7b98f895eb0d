import type { Socket } from 'node:net';
import { ProviderError } from '../../contract/errors.ts';
import type { ExecRequest, TerminalSize } from '../../contract/streams.ts';
import { unlessAborted } from '../waiting.ts';
import type { EngineConnection, EngineRequest } from './connection.ts';
import { readJsonStream } from './json-stream.ts';
import type {
  CreateContainer,
  EngineEvent,
  EngineInfo,
  EngineStats,
  EngineVersion,
  Filters,
  InspectedContainer,
  InspectedExec,
  InspectedImage,
  InspectedSize,
  ListedContainer,
  Progress,
} from './shapes.ts';
import { negotiate } from './version.ts';

/** Starts and removals wait for disks and for the kernel. */
const slowCallMs = 120_000;
/** Between two words about a pull. */
const pullBeginsMs = 120_000;
/** The engine lets people leave a session by typing this. It cannot be turned off; nobody types it. */
const neverTyped = 'ctrl-^,ctrl-@,ctrl-],ctrl-^,ctrl-@,ctrl-],ctrl-^';

/** The calls of the Engine API that are used, each with the version that was agreed on. They reject with EngineError. */
export class Engine {
  readonly #connection: EngineConnection;
  readonly #life = new AbortController();
  #version: Promise<EngineVersion> | undefined;

  constructor(connection: EngineConnection) {
    this.#connection = connection;
  }

  /** What the engine is; `ApiVersion` is the one agreed on. Asked once, for all callers. */
  async version(signal: AbortSignal): Promise<EngineVersion> {
    this.#version ??= this.#ask().catch((error: unknown) => {
      this.#version = undefined;
      throw error;
    });
    return unlessAborted(this.#version, signal);
  }

  info(signal: AbortSignal): Promise<EngineInfo> {
    return this.#call({ method: 'GET', path: '/info' }, signal);
  }

  containers(filters: Filters, signal: AbortSignal): Promise<readonly ListedContainer[]> {
    return this.#call({ method: 'GET', path: '/containers/json', query: { all: true, filters } }, signal);
  }

  inspect(container: string, signal: AbortSignal): Promise<InspectedContainer> {
    return this.#call({ method: 'GET', path: `${at(container)}/json` }, signal);
  }

  /** What a container has written to its own layer, in bytes, and where its log is on the engine's machine. */
  async writtenBytes(
    container: string,
    signal: AbortSignal,
  ): Promise<{ readonly layer: number; readonly logFile: string }> {
    const request = { method: 'GET', path: `${at(container)}/json`, query: { size: true } } as const;
    const sized: InspectedSize = await this.#call({ ...request, timeoutMs: slowCallMs }, signal);
    return { layer: sized.SizeRw ?? 0, logFile: sized.LogPath ?? '' };
  }

  create(name: string, body: CreateContainer, signal: AbortSignal): Promise<{ readonly Id: string }> {
    const request = { method: 'POST', path: '/containers/create', query: { name }, body } as const;
    return this.#call({ ...request, timeoutMs: slowCallMs }, signal);
  }

  /** Nothing happens when it runs already. */
  start(container: string, signal: AbortSignal): Promise<void> {
    return this.#call({ method: 'POST', path: `${at(container)}/start`, timeoutMs: slowCallMs }, signal);
  }

  rename(container: string, name: string, signal: AbortSignal): Promise<void> {
    const request = { method: 'POST', path: `${at(container)}/rename`, query: { name } } as const;
    return this.#call({ ...request, repeatable: false }, signal);
  }

  /** 409 when it does not run. */
  kill(container: string, name: string, signal: AbortSignal): Promise<void> {
    return this.#call(
      { method: 'POST', path: `${at(container)}/kill`, query: { signal: name }, repeatable: false },
      signal,
    );
  }

  /** With its anonymous volumes. */
  remove(container: string, options: { readonly force: boolean }, signal: AbortSignal): Promise<void> {
    const query = { v: true, force: options.force };
    return this.#call({ method: 'DELETE', path: at(container), query, timeoutMs: slowCallMs }, signal);
  }

  image(reference: string, signal: AbortSignal): Promise<InspectedImage> {
    return this.#call({ method: 'GET', path: `/images/${encodeURIComponent(reference)}/json` }, signal);
  }

  /** Only the name, where it has others. 409 while a container uses it. */
  removeImage(reference: string, signal: AbortSignal): Promise<void> {
    return this.#call({ method: 'DELETE', path: `/images/${encodeURIComponent(reference)}` }, signal);
  }

  /** Ends when the image is there; a line with `error` says why not. `auth` is the value of X-Registry-Auth. */
  pull(
    repository: string,
    tag: string,
    auth: string | undefined,
    signal: AbortSignal,
  ): AsyncIterable<Progress> {
    return this.#jsonStream(
      {
        method: 'POST',
        path: '/images/create',
        query: { fromImage: repository, tag },
        headers: auth === undefined ? {} : { 'x-registry-auth': auth },
        timeoutMs: pullBeginsMs,
      },
      signal,
    );
  }

  /** Makes an image of a root filesystem. `changes` are lines of a Dockerfile. */
  importImage(
    archive: Uint8Array,
    repository: string,
    tag: string,
    changes: string,
    signal: AbortSignal,
  ): AsyncIterable<Progress> {
    // Podman passes over a tag of its own parameter, except that of a pull.
    const query = { fromSrc: '-', repo: `${repository}:${tag}`, changes };
    return this.#jsonStream({ method: 'POST', path: '/images/create', query, body: archive }, signal);
  }

  createVolume(
    body: { readonly Name: string; readonly Labels: object; readonly DriverOpts: object },
    signal: AbortSignal,
  ): Promise<void> {
    return this.#call(
      { method: 'POST', path: '/volumes/create', body: { Driver: 'local', ...body } },
      signal,
    );
  }

  volumes(
    filters: Filters,
    signal: AbortSignal,
  ): Promise<{ readonly Volumes: readonly { readonly Name: string }[] | null }> {
    return this.#call({ method: 'GET', path: '/volumes', query: { filters } }, signal);
  }

  volume(name: string, signal: AbortSignal): Promise<{ readonly Mountpoint: string }> {
    return this.#call({ method: 'GET', path: `/volumes/${encodeURIComponent(name)}` }, signal);
  }

  removeVolume(name: string, signal: AbortSignal): Promise<void> {
    return this.#call({ method: 'DELETE', path: `/volumes/${encodeURIComponent(name)}` }, signal);
  }

  /** 404 or 409 when the container does not run. */
  createExec(
    container: string,
    { command, tty, stdin }: ExecRequest & { readonly stdin: boolean },
    signal: AbortSignal,
  ): Promise<{ readonly Id: string }> {
    const body = {
      AttachStdin: stdin,
      AttachStdout: true,
      AttachStderr: !tty,
      Tty: tty,
      DetachKeys: neverTyped,
      Cmd: command,
    };
    return this.#call({ method: 'POST', path: `${at(container)}/exec`, body }, signal);
  }

  /** Its streams: output in frames, but with a terminal as it is. A command that cannot be started says so there. */
  async startExec(exec: string, { tty }: { readonly tty: boolean }, signal: AbortSignal): Promise<Socket> {
    return this.#hijack({ method: 'POST', path: `/exec/${exec}/start`, body: { Tty: tty } }, signal);
  }

  /** Waits for the command to be started, and then fails when it has ended. */
  resizeExec(exec: string, { width, height }: TerminalSize, signal: AbortSignal): Promise<void> {
    const query = { w: width, h: height };
    return this.#call({ method: 'POST', path: `/exec/${exec}/resize`, query }, signal);
  }

  inspectExec(exec: string, signal: AbortSignal): Promise<InspectedExec> {
    return this.#call({ method: 'GET', path: `/exec/${exec}/json` }, signal);
  }

  /**
   * The streams of the main process, as those of an exec. The end of the input ends the session too, except where the
   * container closes its input with it (StdinOnce, no terminal).
   */
  async attach(
    container: string,
    { stdin }: { readonly stdin: boolean },
    signal: AbortSignal,
  ): Promise<Socket> {
    const query = { stream: true, stdin, stdout: true, stderr: true, detachKeys: neverTyped };
    return this.#hijack({ method: 'POST', path: `${at(container)}/attach`, query }, signal);
  }

  resize(container: string, { width, height }: TerminalSize, signal: AbortSignal): Promise<void> {
    const query = { w: width, h: height };
    return this.#call({ method: 'POST', path: `${at(container)}/resize`, query }, signal);
  }

  /** Resolves once the container does not run, or is no more. */
  async ended(container: string, signal: AbortSignal): Promise<void> {
    const query = { condition: 'not-running' };
    let answered = false;
    const request = { method: 'POST', path: `${at(container)}/wait`, query } as const;
    for await (const chunk of await this.#stream(request, signal)) answered ||= chunk.length > 0;
    if (!answered) throw new ProviderError('Retryable', 'the container engine has stopped answering');
  }

  /** Resolves once the engine listens, so that nothing that happens later is missed. */
  async events(filters: Filters, signal: AbortSignal): Promise<AsyncIterable<EngineEvent>> {
    return readJsonStream(await this.#stream({ method: 'GET', path: '/events', query: { filters } }, signal));
  }

  logs(
    container: string,
    query: { readonly follow: boolean; readonly tail?: number; readonly since?: string },
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>> {
    const all = { stdout: true, stderr: true, timestamps: true, ...query };
    return this.#stream({ method: 'GET', path: `${at(container)}/logs`, query: all }, signal);
  }

  stats(container: string, signal: AbortSignal): Promise<EngineStats> {
    const query = { stream: false, 'one-shot': true };
    return this.#call({ method: 'GET', path: `${at(container)}/stats`, query }, signal);
  }

  async close(): Promise<void> {
    this.#life.abort(new ProviderError('Retryable', 'the connection to the container engine was closed'));
    await this.#connection.close();
  }

  async #ask(): Promise<EngineVersion> {
    const request = { method: 'GET', path: '/version' } as const;
    const version = await this.#connection.call<EngineVersion>(request, this.#life.signal);
    return { ...version, ApiVersion: negotiate(version, this.#connection.name) };
  }

  async #versioned(request: EngineRequest, signal: AbortSignal): Promise<EngineRequest> {
    const { ApiVersion } = await this.version(signal);
    return { ...request, path: `/v${ApiVersion}${request.path}` };
  }

  async #call<T>(request: EngineRequest, signal: AbortSignal): Promise<T> {
    return this.#connection.call<T>(await this.#versioned(request, signal), signal);
  }

  async #hijack(request: EngineRequest, signal: AbortSignal): Promise<Socket> {
    return this.#connection.hijack(await this.#versioned(request, signal), signal);
  }

  async #stream(request: EngineRequest, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    return this.#connection.stream(await this.#versioned(request, signal), signal);
  }

  async *#jsonStream<T>(request: EngineRequest, signal: AbortSignal): AsyncGenerator<T, void, undefined> {
    yield* readJsonStream<T>(await this.#stream(request, signal));
  }
}

function at(container: string): string {
  return `/containers/${encodeURIComponent(container)}`;
}
