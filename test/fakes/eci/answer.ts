import { createHash } from 'node:crypto';
import { actions } from './actions/index.ts';
import type { FakeEciCloud } from './cloud.ts';
import { ApiError, missingParameter } from './request/api-error.ts';
import { Parameters, parameterTree } from './request/parameters.ts';
import type { SdkModel } from './request/sdk-model.ts';

/** Answers one call whose signature has been checked: strictness, rights, throttle, token, action. Throws ApiError. */
export function answer(
  cloud: FakeEciCloud,
  action: string,
  query: ReadonlyMap<string, string>,
  { model, strict }: { readonly model: SdkModel; readonly strict: boolean },
): object {
  const act = actions.get(action);
  if (act === undefined)
    throw new ApiError(404, 'InvalidAction.NotFound', `Specified api is not found: ${action}`);
  const parameters = new Parameters(parameterTree(query));
  const faults = model.departures(action, parameters.tree);
  if (faults.length > 0) {
    cloud.book.departures.push(...faults.map((fault) => `${action}: ${fault}`));
    if (strict) throw new ApiError(400, 'FakeStrict.UnknownParameter', faults.join('; '));
  }
  cloud.throttle.enter(action, cloud.now());
  const denied = cloud.account.deniedAnswer(action);
  if (denied !== undefined) return denied;
  checkRegion(cloud, action, parameters);
  const token = clientToken(action, parameters);
  if (token === undefined) return act(cloud, parameters);
  return cloud.replies.answer(token, fingerprint(query), () => act(cloud, parameters));
}

function checkRegion(cloud: FakeEciCloud, action: string, parameters: Parameters): void {
  const region = parameters.text('RegionId');
  if (region === undefined && action !== 'DescribeRegions') throw missingParameter('RegionId');
  if (region !== undefined && region !== cloud.region)
    throw new ApiError(404, 'InvalidRegionId.NotFound', `The specified RegionId ${region} does not exist.`);
}

function clientToken(action: string, parameters: Parameters): string | undefined {
  const token = parameters.text('ClientToken');
  if (token === undefined) return undefined;
  if (!/^[\x21-\x7e]{1,64}$/.test(token))
    throw new ApiError(400, 'InvalidClientToken', 'ClientToken: at most 64 ASCII characters are allowed.');
  return `${action}/${token}`;
}

function fingerprint(query: ReadonlyMap<string, string>): string {
  const names = [...query.keys()].filter((name) => name !== 'ClientToken').sort();
  const pairs = names.map((name) => [name, query.get(name)]);
  return createHash('sha256').update(JSON.stringify(pairs)).digest('base64');
}
