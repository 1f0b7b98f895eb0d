import { createHash } from 'node:crypto';
import type { ProviderClock } from '../../contract/clock.ts';
import { ProviderError } from '../../contract/errors.ts';
import type { ImageReference } from '../../contract/image-reference.ts';
import { canonicalName, parseImage } from '../../contract/image-reference.ts';
import type { ContainerSpec, RegistryCredential } from '../../contract/instance-spec.ts';
import { credentialsFor } from '../../contract/registry-keyring.ts';
import type { Engine } from '../engine/engine.ts';
import { EngineError, hasStatus } from '../engine/errors.ts';
import { SharedCalls } from '../waiting.ts';
import { authHeader } from './auth-header.ts';
import type { ImageLedger } from './ledger.ts';

/** Told as the work goes on, in the words of the kubelet's events (pkg/kubelet/images/image_manager.go). */
export type ImageListener = (reason: 'Pulling' | 'Pulled', message: string) => void;

export interface PresentImage {
  /** As the engine takes it. */
  readonly name: string;
  /** Digest reference where there is one, else the engine's own id. */
  readonly id: string;
  /** The engine's own id, always. */
  readonly engineId: string;
  /** USER of the image: a number, a name, either with a group behind `:`; '' is root. */
  readonly user: string;
  readonly bytes: number;
  readonly hasHealthcheck: boolean;
}

/** Brings images to the engine by the rules of imagePullPolicy. Everyone who needs the same image waits for one pull. */
export class Images {
  readonly #engine: Engine;
  readonly #clock: ProviderClock;
  readonly #ledger: ImageLedger;
  readonly #pulls = new SharedCalls<void>();

  constructor(deps: {
    readonly engine: Engine;
    readonly clock: ProviderClock;
    readonly ledger: ImageLedger;
  }) {
    this.#engine = deps.engine;
    this.#clock = deps.clock;
    this.#ledger = deps.ledger;
  }

  /** Rejects with the kubelet's reasons: InvalidImageName, ErrImageNeverPull, ErrImagePull. */
  async ensure(
    { image, imagePullPolicy }: Pick<ContainerSpec, 'image' | 'imagePullPolicy'>,
    credentials: readonly RegistryCredential[],
    tell: ImageListener,
    signal: AbortSignal,
  ): Promise<PresentImage> {
    const reference = parseImage(image);
    const before = await this.#find(reference, signal);
    if (imagePullPolicy !== 'Always') {
      if (before !== undefined) {
        await this.#ledger.used(before.engineId);
        tell('Pulled', `Container image "${image}" already present on machine`);
        return before;
      }
      if (imagePullPolicy === 'Never')
        throw new ProviderError(
          'Retryable',
          `Container image "${image}" is not present with pull policy of Never`,
          { reason: 'ErrImageNeverPull' },
        );
    }
    const candidates = credentialsFor(reference, credentials);
    const began = this.#clock.now();
    tell('Pulling', `Pulling image "${image}"`);
    await this.#pulls.get(pullKey(reference, candidates), signal, (limit) =>
      this.#pull(reference, candidates, limit),
    );
    const present = await this.#find(reference, signal);
    if (present !== undefined) {
      await this.#ledger.pulled(present.name, present.engineId, before?.engineId);
      const seconds = ((this.#clock.now() - began) / 1000).toFixed(3);
      tell(
        'Pulled',
        `Successfully pulled image "${image}" in ${seconds}s. Image size: ${present.bytes} bytes.`,
      );
      return present;
    }
    throw new ProviderError('Retryable', `image ${image} was removed right after it was pulled`, {
      reason: 'ErrImagePull',
    });
  }

  async #find(reference: ImageReference, signal: AbortSignal): Promise<PresentImage | undefined> {
    const name = canonicalName(reference);
    try {
      const { Id, RepoDigests, Config, Size } = await this.#engine.image(name, signal);
      const digest = RepoDigests?.find((known) => isOf(known, reference));
      return {
        ...{ name, id: digest ?? Id, engineId: Id, bytes: Size ?? 0 },
        ...{ user: Config?.User ?? '', hasHealthcheck: Boolean(Config?.Healthcheck) },
      };
    } catch (error) {
      if (hasStatus(error, 404)) return undefined;
      throw error;
    }
  }

  /** With each credential that fits, as the kubelet does: a Pod may name several for one registry. */
  async #pull(
    reference: ImageReference,
    candidates: readonly RegistryCredential[],
    signal: AbortSignal,
  ): Promise<void> {
    const headers = candidates.length === 0 ? [undefined] : candidates.map(authHeader);
    let failure = '';
    for (const header of headers) {
      try {
        const progress = this.#engine.pull(reference.repository, reference.version, header, signal);
        for await (const { error, errorDetail } of progress)
          if (error !== undefined) throw new EngineError(500, errorDetail?.message ?? error);
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof ProviderError) throw error;
        failure = error instanceof Error ? error.message : String(error);
      }
    }
    throw new ProviderError('Retryable', failure, {
      reason: 'ErrImagePull',
    });
  }
}

/** Pulls with different credentials are different pulls: one may be allowed what another is not. */
function pullKey(reference: ImageReference, credentials: readonly RegistryCredential[]): string {
  const secret = createHash('sha256').update(JSON.stringify(credentials)).digest('hex');
  return `${canonicalName(reference)} ${secret}`;
}

/** Docker leaves `docker.io/library/` out of its digests, Podman does not. */
function isOf(digest: string, reference: ImageReference): boolean {
  const [name = ''] = digest.split('@');
  return (
    name === reference.repository ||
    `docker.io/${name}` === reference.repository ||
    `docker.io/library/${name}` === reference.repository
  );
}
