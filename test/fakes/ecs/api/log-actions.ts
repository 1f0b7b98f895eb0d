import type {
  CreateLogGroupRequest,
  DescribeLogGroupsRequest,
  DescribeLogStreamsRequest,
  GetLogEventsRequest,
} from '@aws-sdk/client-cloudwatch-logs';
import { logPage } from '../logs/log-pages.ts';
import type { LogStore } from '../logs/log-store.ts';
import { type Action, action } from './action.ts';
import { pageOf } from './paging.ts';

/** `isBlank`: whether the next page shall be empty though it is not the end. */
export function logActions(store: LogStore, isBlank: () => boolean): Record<string, Action> {
  function getLogEvents(request: GetLogEventsRequest): object {
    const { logGroupName, logGroupIdentifier, logStreamName } = request;
    return logPage(store.read(logGroupName ?? logGroupIdentifier, logStreamName), request, isBlank());
  }

  function describeLogStreams(request: DescribeLogStreamsRequest): object {
    const group = request.logGroupName ?? request.logGroupIdentifier;
    const streams = new Map(
      store.streams(group, request.logStreamNamePrefix ?? '').map((one) => [one.stream, one]),
    );
    const { items, nextToken } = pageOf([...streams.keys()], request.limit ?? 50, request.nextToken);
    return {
      logStreams: items.map((logStreamName) => {
        const { lines = [], createdAt } = streams.get(logStreamName) ?? {};
        return {
          logStreamName,
          creationTime: createdAt,
          firstEventTimestamp: lines[0]?.timestamp,
          lastEventTimestamp: lines.at(-1)?.timestamp,
        };
      }),
      nextToken,
    };
  }

  function describeLogGroups(request: DescribeLogGroupsRequest): object {
    const groups = store.groupsByPrefix(request.logGroupNamePrefix ?? '');
    const { items, nextToken } = pageOf(
      groups.map(({ name }) => name),
      request.limit ?? 50,
      request.nextToken,
    );
    return {
      logGroups: groups
        .filter(({ name }) => items.includes(name))
        .map(({ name, arn, createdAt }) => ({
          logGroupName: name,
          arn: `${arn}:*`,
          logGroupArn: arn,
          creationTime: createdAt,
        })),
      nextToken,
    };
  }

  return {
    GetLogEvents: action(getLogEvents),
    DescribeLogStreams: action(describeLogStreams),
    DescribeLogGroups: action(describeLogGroups),
    CreateLogGroup: action(({ logGroupName }: CreateLogGroupRequest) => {
      store.create(logGroupName);
      return {};
    }),
  };
}
