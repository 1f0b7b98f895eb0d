import type { Tag } from '@aws-sdk/client-ecs';
import { invalidParameter } from '../door/service-error.ts';

const maxTags = 50;
const maxKey = 128;
const maxValue = 256;

/** docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-using-tags.html */
export function checkTags(tags: readonly Tag[] | undefined): void {
  if (tags === undefined) return;
  if (tags.length > maxTags) throw invalidParameter(`A resource takes at most ${maxTags} tags.`);
  for (const { key = '', value = '' } of tags) {
    if (key.length === 0 || key.length > maxKey)
      throw invalidParameter(`The key of a tag has 1 to ${maxKey} characters: '${key}'`);
    if (value.length > maxValue)
      throw invalidParameter(`The value of a tag has up to ${maxValue} characters.`);
    if (!/^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u.test(key + value))
      throw invalidParameter(
        `Only letters, numbers, spaces and _ . : / = + - @ are allowed in tags: '${key}'`,
      );
    if (key.toLowerCase().startsWith('aws:')) throw invalidParameter('The prefix aws: is reserved.');
  }
  if (new Set(tags.map(({ key }) => key)).size < tags.length)
    throw invalidParameter('Duplicate tag keys found.');
}
