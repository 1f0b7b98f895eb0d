import type { SQS } from '@aws-sdk/client-sqs';
import type { ProviderClock, ProviderLog } from '../contract/index.ts';
import { delay } from '../contract/index.ts';
import { classify, type Place } from './api/errors.ts';

export interface PushDeps {
  readonly sqs: SQS;
  readonly queueUrl: string;
  readonly place: Place;
  readonly clock: ProviderClock;
  readonly random: () => number;
  readonly log: ProviderLog;
  /** A task has changed; `version` counts its changes. */
  readonly onChange: (arn: string, version: number) => void;
}

/** A long poll of SQS, in seconds; the longest there is. */
const waitSeconds = 20;
const callTimeoutMs = (waitSeconds + 10) * 1000;
const [firstRestMs, longestRestMs] = [1000, 60_000];

/**
 * Hears of task state changes through a queue that EventBridge fills. They are taken as hints and nothing more: they come
 * late, twice and in any order, and carry no tags. What a task is like, a look at the task says.
 */
export async function listenToQueue(deps: PushDeps, signal: AbortSignal): Promise<void> {
  const { clock, log, place, random } = deps;
  let failures = 0;
  while (!signal.aborted) {
    try {
      await receive(deps, signal);
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      if (failures++ === 0)
        log.warn(
          { error: String(classify(error, 'ReceiveMessage', place)) },
          'the queue of task changes cannot be read',
        );
      const restMs = Math.min(longestRestMs, firstRestMs * 2 ** failures);
      await delay(clock, restMs / 2 + (random() * restMs) / 2, signal);
    }
  }
}

async function receive({ sqs, queueUrl, onChange }: PushDeps, signal: AbortSignal): Promise<void> {
  const { Messages: messages = [] } = await sqs.receiveMessage(
    { QueueUrl: queueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: waitSeconds },
    { abortSignal: AbortSignal.any([signal, AbortSignal.timeout(callTimeoutMs)]) },
  );
  if (messages.length === 0) return;
  for (const { Body: body = '' } of messages) {
    const change = changeIn(body);
    if (change !== undefined) onChange(change.arn, change.version);
  }
  await sqs.deleteMessageBatch(
    {
      QueueUrl: queueUrl,
      Entries: messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle })),
    },
    { abortSignal: AbortSignal.any([signal, AbortSignal.timeout(callTimeoutMs)]) },
  );
}

/** Undefined when it is anything but an "ECS Task State Change": a queue may carry other things too. */
export function changeIn(body: string): { readonly arn: string; readonly version: number } | undefined {
  try {
    const event: { 'detail-type'?: unknown; detail?: { taskArn?: unknown; version?: unknown } } =
      JSON.parse(body);
    const { taskArn, version } = event.detail ?? {};
    if (event['detail-type'] !== 'ECS Task State Change' || typeof taskArn !== 'string') return undefined;
    return { arn: taskArn, version: typeof version === 'number' ? version : Number.MAX_SAFE_INTEGER };
  } catch {
    return undefined;
  }
}
