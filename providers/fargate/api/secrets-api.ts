import type { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { ProviderError } from '../../contract/index.ts';
import { allPages } from './all-pages.ts';
import { type BoundedCall, boundedCalls } from './bounded-call.ts';
import type { Budgets } from './budgets.ts';
import type { Place } from './errors.ts';

export interface SecretsApiDeps {
  readonly secrets: SecretsManager;
  readonly budgets: Budgets;
  readonly place: Place;
}

/** A secret to be stored. */
export interface NewSecret {
  readonly name: string;
  /** 32 to 64 characters: the token of the call, which becomes the ID of the one version that there will be. */
  readonly version: string;
  readonly text: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** `taken`: there is another of that name, or another version. `leaving`: it is being deleted. */
export type Created = { readonly arn: string } | 'taken' | 'leaving';

/** A secret as DescribeSecret shows it. */
export interface Described {
  readonly arn: string;
  readonly versions: readonly string[];
  readonly leaving: boolean;
}

/** A secret as ListSecrets shows it, perhaps as it was five minutes ago. */
export interface Listed {
  readonly arn: string;
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
}

const pageSize = 100;
const leavingText = /scheduled for deletion|marked (for deletion|deleted)/i;

/** The calls of Secrets Manager that the provider makes. None of them reads a value: only tasks do that. */
export class SecretsApi {
  readonly #deps: SecretsApiDeps;
  readonly #call: BoundedCall;

  constructor(deps: SecretsApiDeps) {
    this.#deps = deps;
    this.#call = boundedCalls(deps.place);
  }

  /** Harmless to repeat: the same name, version and text give the same secret. */
  async create({ name, version, text, tags }: NewSecret, signal: AbortSignal): Promise<Created> {
    const { budgets, secrets } = this.#deps;
    try {
      const { ARN: arn } = await this.#call(
        'CreateSecret',
        budgets.createSecret,
        'create',
        signal,
        (abortSignal) =>
          secrets.createSecret(
            {
              Name: name,
              ClientRequestToken: version,
              SecretString: text,
              Description: 'Values of Secrets for tasks; deleted when none needs them any more',
              Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
            },
            { abortSignal },
          ),
      );
      if (arn === undefined) throw new ProviderError('Retryable', 'CreateSecret: answered without an ARN');
      return { arn };
    } catch (error) {
      if (named(error, 'ResourceExistsException')) return 'taken';
      if (isLeaving(error)) return 'leaving';
      throw withoutValue(error, text);
    }
  }

  /** Undefined when there is no such secret. */
  async describe(name: string, signal: AbortSignal): Promise<Described | undefined> {
    const { budgets, secrets } = this.#deps;
    try {
      const answer = await this.#call(
        'DescribeSecret',
        budgets.describeSecret,
        'create',
        signal,
        (abortSignal) => secrets.describeSecret({ SecretId: name }, { abortSignal }),
      );
      if (answer.ARN === undefined) return undefined;
      return {
        arn: answer.ARN,
        versions: Object.keys(answer.VersionIdsToStages ?? {}),
        leaving: answer.DeletedDate !== undefined,
      };
    } catch (error) {
      if (named(error, 'ResourceNotFoundException')) return undefined;
      throw error;
    }
  }

  /** For good. Harmless for one that is deleted, or was never there. */
  async delete(arn: string, signal: AbortSignal): Promise<void> {
    const { budgets, secrets } = this.#deps;
    try {
      await this.#call('DeleteSecret', budgets.deleteSecret, 'delete', signal, (abortSignal) =>
        secrets.deleteSecret({ SecretId: arn, ForceDeleteWithoutRecovery: true }, { abortSignal }),
      );
    } catch (error) {
      if (!named(error, 'ResourceNotFoundException')) throw error;
    }
  }

  /** All whose names begin so, or rejected. */
  list(prefix: string, signal: AbortSignal): Promise<Listed[]> {
    const { budgets, secrets } = this.#deps;
    return allPages('ListSecrets', async (NextToken) => {
      const answer = await this.#call('ListSecrets', budgets.listSecrets, 'status', signal, (abortSignal) =>
        secrets.listSecrets(
          { Filters: [{ Key: 'name', Values: [prefix] }], MaxResults: pageSize, NextToken },
          { abortSignal },
        ),
      );
      const items = (answer.SecretList ?? [])
        .map(({ ARN: arn = '', Name: name = '', Tags = [] }) => ({
          arn,
          name,
          tags: Object.fromEntries(Tags.map(({ Key = '', Value = '' }) => [Key, Value])),
        }))
        .filter(({ name }) => name.startsWith(prefix));
      return { items, nextToken: answer.NextToken };
    });
  }
}

function named(error: unknown, name: string): boolean {
  return error instanceof ProviderError && error.cause instanceof Error && error.cause.name === name;
}

function isLeaving(error: unknown): boolean {
  return named(error, 'InvalidRequestException') && leavingText.test(String(error));
}

/** The service may quote what it does not like of a request. What is secret in that must reach no log and no status. */
function withoutValue(error: unknown, text: string): unknown {
  if (!(error instanceof ProviderError)) return error;
  const values = [text, ...Object.values(JSON.parse(text) as Record<string, string>)];
  const quoted = values.some((value) => value.length > 3 && error.message.includes(value));
  return quoted
    ? new ProviderError(error.kind, 'CreateSecret: refused, with an answer that quotes the secret')
    : error;
}
