import type { InstanceProvider, ProviderContext } from '../contract/index.ts';
import { createFargateProvider } from './create-provider.ts';

/** Tasks of ECS on Fargate, with the official SDK and its default chain of credentials. */
export function createProvider(context: ProviderContext): Promise<InstanceProvider> {
  return createFargateProvider(context);
}
