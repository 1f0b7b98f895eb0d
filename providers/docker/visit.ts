import { type ProviderClock, wallClock } from '../contract/clock.ts';
import { canonicalName, parseImage } from '../contract/image-reference.ts';
import { EngineConnection } from './engine/connection.ts';
import { type EndpointEnvironment, resolveEndpoint } from './engine/endpoint.ts';
import { Engine } from './engine/engine.ts';
import { hasStatus, telling } from './engine/errors.ts';
import type { EngineVersion } from './engine/shapes.ts';
import { sandboxImage } from './image/sandbox-image.ts';

export interface VisitDeps {
  /** As the option of the provider; absent = what the environment says. */
  readonly host?: string | undefined;
  readonly environment: EndpointEnvironment;
  readonly clock?: ProviderClock;
  readonly random?: () => number;
}

export interface VisitedEngine {
  /** `20.10.24` */
  readonly version: string;
  /** Why this machine cannot reach containers at their own addresses; absent = it can. */
  readonly apart?: string;
}

/** A look at an engine, and at what has to be there, before a node is made of it. */
export class EngineVisit {
  /** Where it is, as the user named it. */
  readonly host: string;
  readonly #remote: boolean;
  readonly #connection: EngineConnection;
  readonly #engine: Engine;

  /** Throws ProviderError when what is named is no engine that can be spoken to. */
  constructor({ host, environment, clock = wallClock, random = Math.random }: VisitDeps) {
    const endpoint = resolveEndpoint(host, environment);
    this.host = endpoint.name;
    this.#remote = endpoint.remote;
    this.#connection = new EngineConnection({ endpoint, clock, random });
    this.#engine = new Engine(this.#connection);
  }

  /** Asks once: an engine that is not there is no reason to wait. Rejects with ProviderError. */
  async look(signal: AbortSignal): Promise<VisitedEngine> {
    const request = { method: 'GET', path: '/version', repeatable: false } as const;
    const { Version = 'of unknown version' } = await this.#connection.call<EngineVersion>(request, signal);
    const { OperatingSystem, SecurityOptions } = await telling('the engine cannot be used', () =>
      this.#engine.info(signal),
    );
    if (this.#remote) return { version: Version, apart: 'it is reached over the network' };
    // Both keep their containers in a network that the machine is not part of.
    if (OperatingSystem === 'Docker Desktop') return { version: Version, apart: 'it is Docker Desktop' };
    if (SecurityOptions?.includes('name=rootless')) return { version: Version, apart: 'it is rootless' };
    return { version: Version };
  }

  async hasImage(image: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#engine.image(canonicalName(parseImage(image)), signal);
      return true;
    } catch (error) {
      if (hasStatus(error, 404)) return false;
      throw error;
    }
  }

  /** Yields with each word that the engine says of its progress; is done when the image is there. */
  async *pull(image: string, signal: AbortSignal): AsyncGenerator<void, void, undefined> {
    const { repository, version } = parseImage(image);
    for await (const { error, errorDetail } of this.#engine.pull(repository, version, undefined, signal)) {
      if (error !== undefined) throw new Error(errorDetail?.message ?? error);
      yield;
    }
  }

  /** The image that the provider made there: it is made again where it is needed. It stays while containers use it. */
  async removeSandboxImage(signal: AbortSignal): Promise<void> {
    try {
      await this.#engine.removeImage(sandboxImage, signal);
    } catch (error) {
      if (!hasStatus(error, 404, 409)) throw error;
    }
  }

  close(): Promise<void> {
    return this.#engine.close();
  }
}
