import type { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import type { ECS } from '@aws-sdk/client-ecs';
import type { SecretsManager } from '@aws-sdk/client-secrets-manager';
import type { SQS } from '@aws-sdk/client-sqs';
import { ProviderError } from '../contract/index.ts';
import type { FargateOptions } from './options.ts';

export interface Clients {
  readonly ecs: ECS;
  /** Present when logs are kept. */
  readonly logs?: CloudWatchLogs;
  /** Present when a queue tells of changes. */
  readonly sqs?: SQS;
  /** Present when secrets are stored. */
  readonly secrets?: SecretsManager;
  destroy(): void;
}

/**
 * The clients that the options ask for. The SDK is loaded here and nowhere else: who does not use Fargate need not have
 * it. Each call is tried once: repeating is the business of the callers, who know what a repetition costs.
 */
export async function createClients(options: FargateOptions): Promise<Clients> {
  const { region, endpoint, credentials, logGroup, queueUrl, secretStore } = options;
  const config = {
    region,
    maxAttempts: 1,
    ...(endpoint !== undefined && { endpoint }),
    // The SDK writes into what it is given.
    ...(credentials !== undefined && { credentials: { ...credentials } }),
  };
  const { ECS } = await loaded('@aws-sdk/client-ecs', () => import('@aws-sdk/client-ecs'));
  const ecs = new ECS(config);
  const logs =
    logGroup === undefined
      ? undefined
      : new (
          await loaded('@aws-sdk/client-cloudwatch-logs', () => import('@aws-sdk/client-cloudwatch-logs'))
        ).CloudWatchLogs(config);
  const sqs =
    queueUrl === undefined
      ? undefined
      : new (await loaded('@aws-sdk/client-sqs', () => import('@aws-sdk/client-sqs'))).SQS(config);
  const secrets =
    secretStore === 'none'
      ? undefined
      : new (
          await loaded('@aws-sdk/client-secrets-manager', () => import('@aws-sdk/client-secrets-manager'))
        ).SecretsManager(config);
  return {
    ecs,
    ...(logs && { logs }),
    ...(sqs && { sqs }),
    ...(secrets && { secrets }),
    destroy() {
      for (const client of [ecs, logs, sqs, secrets]) client?.destroy();
    },
  };
}

/** The module, or an error that says how to get it. */
export async function loaded<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')
      throw new ProviderError('Unsupported', `needs ${name}, which is not installed: npm install ${name}`, {
        cause: error,
      });
    throw error;
  }
}
