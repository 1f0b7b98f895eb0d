import type {
  DeleteMessageBatchRequest,
  DeleteMessageRequest,
  ReceiveMessageRequest,
} from '@aws-sdk/client-sqs';
import { ServiceError } from '../door/service-error.ts';
import type { Queue } from '../queue/queue.ts';
import { type Action, action } from './action.ts';

/** `find`: by the URL of the queue. */
export function queueActions(find: (url: string) => Queue | undefined): Record<string, Action> {
  function queueOf(url = ''): Queue {
    const queue = find(url);
    if (queue === undefined)
      throw new ServiceError('QueueDoesNotExist', 'The specified queue does not exist.', {
        fields: { queryCode: 'AWS.SimpleQueueService.NonExistentQueue' },
      });
    return queue;
  }

  return {
    ReceiveMessage: action(async (request: ReceiveMessageRequest, { signal }) => {
      const { MaxNumberOfMessages: max = 1, WaitTimeSeconds = 0, VisibilityTimeout = 30 } = request;
      if (max < 1 || max > 10)
        throw wrong(
          `Value ${max} for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.`,
        );
      if (WaitTimeSeconds < 0 || WaitTimeSeconds > 20)
        throw wrong(
          `Value ${WaitTimeSeconds} for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.`,
        );
      const wish = { max, waitMs: WaitTimeSeconds * 1000, visibilityMs: VisibilityTimeout * 1000 };
      const messages = await queueOf(request.QueueUrl).receive(wish, signal);
      return messages.length > 0 ? { Messages: messages } : {};
    }),
    DeleteMessage: action(({ QueueUrl, ReceiptHandle }: DeleteMessageRequest) => {
      queueOf(QueueUrl).delete(ReceiptHandle);
      return {};
    }),
    DeleteMessageBatch: action(({ QueueUrl, Entries = [] }: DeleteMessageBatchRequest) => {
      const queue = queueOf(QueueUrl);
      for (const { ReceiptHandle } of Entries) queue.delete(ReceiptHandle);
      return { Successful: Entries.map(({ Id }) => ({ Id })), Failed: [] };
    }),
  };
}

function wrong(message: string): ServiceError {
  return new ServiceError('InvalidParameterValue', message);
}
