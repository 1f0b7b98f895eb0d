import type { CreateSecretRequest, DeleteSecretRequest, Tag } from '@aws-sdk/client-secrets-manager';
import { ServiceError } from '../door/service-error.ts';

export interface StoredSecretsDeps {
  readonly region: string;
  readonly account: string;
  readonly random: () => number;
  now(): number;
}

/** A secret as its service knows it. */
export interface FakeSecret {
  readonly arn: string;
  readonly name: string;
  readonly tags: readonly Tag[];
  /** Version → text. The last one is the current one. */
  readonly versions: ReadonlyMap<string, string>;
  readonly createdAt: number;
  /** When it can be read no more; undefined = nobody has deleted it. */
  readonly deletedAt: number | undefined;
  /** When its name is free again. */
  readonly goneAt: number;
}

interface Entry extends FakeSecret {
  readonly versions: Map<string, string>;
  deletedAt: number | undefined;
  goneAt: number;
}

const dayMs = 86_400_000;
const never = Number.POSITIVE_INFINITY;
const maxBytes = 65_536;

/**
 * Secrets Manager of one region: docs.aws.amazon.com/secretsmanager/latest/apireference. A secret is known by its name and
 * by its ARN, which ends in six characters of chance, so that one that is made again under the same name is another.
 */
export class StoredSecrets {
  readonly #deps: StoredSecretsDeps;
  readonly #entries: Entry[] = [];
  /** How long the name of a deleted secret is still taken: the deletion is done in the background. */
  deletingMs = 0;
  /** How far ListSecrets lags behind; the vendor says: up to five minutes. */
  listLagMs = 0;
  /** False = the execution role may not read them. */
  readable = true;

  constructor(deps: StoredSecretsDeps) {
    this.#deps = deps;
  }

  /** Everything that was ever stored, oldest first. */
  all(): readonly FakeSecret[] {
    return this.#entries;
  }

  /** What is stored now. */
  live(): readonly FakeSecret[] {
    return this.#entries.filter(({ deletedAt }) => deletedAt === undefined);
  }

  create(request: CreateSecretRequest): FakeSecret {
    const { Name: name = '', ClientRequestToken: token = '', SecretString: text, Tags = [] } = request;
    if (!/^[\w/+=.@-]{1,512}$/.test(name))
      throw invalid(
        'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!',
      );
    if (!/^.{32,64}$/.test(token)) throw invalid('ClientRequestToken must be 32-64 characters long.');
    if (text === undefined || text === '')
      throw invalid('You must provide either SecretString or SecretBinary.');
    if (Buffer.byteLength(text) > maxBytes)
      throw new ServiceError(
        'ValidationException',
        "1 validation error detected: Value at 'secretString' failed to satisfy constraint: Member must have length less than or equal to 65536",
      );
    const known = this.#named(name);
    if (known === undefined) {
      const entry: Entry = {
        arn: `arn:aws:secretsmanager:${this.#deps.region}:${this.#deps.account}:secret:${name}-${this.#suffix()}`,
        name,
        tags: Tags,
        versions: new Map([[token, text]]),
        createdAt: this.#deps.now(),
        deletedAt: undefined,
        goneAt: never,
      };
      this.#entries.push(entry);
      return entry;
    }
    if (known.deletedAt !== undefined)
      throw new ServiceError(
        'InvalidRequestException',
        "You can't create this secret because a secret with this name is already scheduled for deletion.",
      );
    const version = known.versions.get(token);
    if (version === text) return known;
    throw new ServiceError(
      'ResourceExistsException',
      version === undefined
        ? `The operation failed because the secret ${name} already exists.`
        : `You can't use ClientRequestToken ${token} because that value is already in use for a version of secret ${known.arn}.`,
    );
  }

  /** By name or ARN. Throws when there is none. */
  find(id = ''): FakeSecret {
    const found = this.#find(id);
    if (found === undefined) throw notFound();
    return found;
  }

  delete(request: DeleteSecretRequest): { arn: string; name: string; at: number } {
    const {
      SecretId: id = '',
      ForceDeleteWithoutRecovery: force = false,
      RecoveryWindowInDays: days,
    } = request;
    if (force && days !== undefined)
      throw invalid("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.");
    const entry = this.#find(id);
    const now = this.#deps.now();
    // Without a window a repetition is welcome.
    if (entry === undefined && force) return { arn: id, name: id, at: now };
    if (entry === undefined) throw notFound();
    if (entry.deletedAt !== undefined && !force)
      throw new ServiceError(
        'InvalidRequestException',
        "You tried to perform the operation on a secret that's currently marked deleted.",
      );
    entry.deletedAt ??= now;
    entry.goneAt = Math.min(entry.goneAt, now + (force ? this.deletingMs : (days ?? 30) * dayMs));
    return { arn: entry.arn, name: entry.name, at: entry.goneAt };
  }

  /** Another version becomes the current one, as if by somebody's hand. The one before it stays; older ones have no label any more, and go. */
  rotate(id: string, token: string, text: string): void {
    const versions = this.#find(id)?.versions;
    versions?.set(token, text);
    for (const old of [...(versions?.keys() ?? [])].slice(0, -2)) versions?.delete(old);
  }

  /** What ListSecrets shows now. */
  listed(planned: boolean): readonly FakeSecret[] {
    const at = this.#deps.now() - this.listLagMs;
    return this.#entries.filter(
      ({ createdAt, deletedAt = never, goneAt }) =>
        createdAt <= at && goneAt > at && (planned || deletedAt > at),
    );
  }

  /** The text of a version, the current one by default. Throws what GetSecretValue answers. */
  read(
    id: string,
    version?: string,
  ): { readonly secret: FakeSecret; readonly version: string; readonly text: string } {
    const secret = this.find(id);
    if (secret.deletedAt !== undefined)
      throw new ServiceError(
        'InvalidRequestException',
        'You can’t perform this operation on the secret because it was marked for deletion.',
      );
    const current = version ?? [...secret.versions.keys()].at(-1) ?? '';
    const text = secret.versions.get(current);
    if (text === undefined)
      throw new ServiceError(
        'ResourceNotFoundException',
        `Secrets Manager can't find the specified secret value for VersionId: ${current}`,
      );
    return { secret, version: current, text };
  }

  #find(id: string): Entry | undefined {
    const now = this.#deps.now();
    return this.#entries.findLast(({ arn, name, goneAt }) => (arn === id || name === id) && goneAt > now);
  }

  #named(name: string): Entry | undefined {
    const found = this.#find(name);
    return found?.name === name ? found : undefined;
  }

  #suffix(): string {
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
    return Array.from({ length: 6 }, () => letters[Math.floor(this.#deps.random() * letters.length)]).join(
      '',
    );
  }
}

function invalid(message: string): ServiceError {
  return new ServiceError('InvalidParameterException', message);
}

function notFound(): ServiceError {
  return new ServiceError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
}
