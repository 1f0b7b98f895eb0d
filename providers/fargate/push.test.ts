import { expect, test } from 'vitest';
import { changeIn } from './push.ts';

const arn = 'arn:aws:ecs:us-east-1:123456789012:task/burstlet/abc';

test.each<[string, string, object | undefined]>([
  [
    'a change',
    JSON.stringify({
      'detail-type': 'ECS Task State Change',
      detail: { taskArn: arn, version: 4, what: 'else' },
    }),
    { arn, version: 4 },
  ],
  [
    'a change without a version counts as new',
    JSON.stringify({ 'detail-type': 'ECS Task State Change', detail: { taskArn: arn } }),
    { arn, version: Number.MAX_SAFE_INTEGER },
  ],
  [
    'another event',
    JSON.stringify({ 'detail-type': 'ECS Deployment State Change', detail: { taskArn: arn } }),
    undefined,
  ],
  ['no event', 'hello', undefined],
  ['nothing', 'null', undefined],
])('%s', (_name, body, expected) => {
  expect(changeIn(body)).toEqual(expected);
});
