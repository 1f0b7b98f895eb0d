import type { InstanceProvider, ProviderContext } from '../contract/index.ts';
import { wallClock } from '../contract/index.ts';
import { sharedLanes } from './api/lanes.ts';
import { createSdkApi } from './api/sdk-api.ts';
import { readEciOptions } from './options.ts';
import { EciProvider } from './provider.ts';

export function createProvider({ options: given, log, shared }: ProviderContext): InstanceProvider {
  const options = readEciOptions(given, process.env);
  const api = createSdkApi(options, wallClock);
  const account = `${options.endpoint.host}/${options.credentials?.accessKeyId ?? ''}`;
  const lanes = sharedLanes(shared, account, wallClock);
  return new EciProvider({ api, lanes, options, log, clock: wallClock, random: Math.random });
}
