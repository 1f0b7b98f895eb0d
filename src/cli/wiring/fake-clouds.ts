import type { ProviderModule } from '../../../providers/contract/index.ts';
import { ConfigError } from '../../config/settings.ts';

/** A cloud in this process, and the options with which its provider finds it. */
interface FakeCloud {
  readonly options: Readonly<Record<string, unknown>>;
  close(): Promise<void>;
}

/**
 * Cloud providers that speak to a fake of their cloud in this process, through the vendor's own SDK: no account, no
 * network beyond loopback, nothing billed, nothing executed but the commands of exec, which run on this machine. A fake lives
 * as long as its provider.
 */
export const fakeClouds: Readonly<Record<string, () => Promise<ProviderModule>>> = {
  'fake-eci': async () => onFake(await import('../../../providers/eci/index.ts'), startEci),
  'fake-fargate': async () => onFake(await import('../../../providers/fargate/index.ts'), startFargate),
};

/** The provider that `--fake` makes of this one. Throws ConfigError when there is no fake of it. */
export function fakeOf(provider: string | undefined): string {
  const name = `fake-${provider}`;
  if (fakeClouds[name] !== undefined) return name;
  const known = Object.keys(fakeClouds).map((fake) => `--provider ${fake.replace('fake-', '')}`);
  throw new ConfigError(`--fake: it needs ${known.join(' or ')}; of no other provider there is a fake cloud`);
}

function onFake({ createProvider }: ProviderModule, start: () => Promise<FakeCloud>): ProviderModule {
  return {
    async createProvider(context) {
      const fake = await start();
      try {
        const provider = await createProvider({
          ...context,
          options: { ...fake.options, ...context.options },
        });
        const close = provider.close?.bind(provider);
        provider.close = async () => {
          try {
            await close?.();
          } finally {
            await fake.close();
          }
        };
        return provider;
      } catch (error) {
        await fake.close();
        throw error;
      }
    },
  };
}

async function startEci(): Promise<FakeCloud> {
  const [{ startFakeEci }, { eciOptions }] = await Promise.all([
    import('../../../test/fakes/eci/index.ts'),
    import('../../../test/fakes/eci/provider-options.ts'),
  ]);
  const fake = await startFakeEci({ history: false });
  return { options: eciOptions(fake), close: () => fake.close() };
}

async function startFargate(): Promise<FakeCloud> {
  const [{ startFakeEcs }, { fargateOptions }] = await Promise.all([
    import('../../../test/fakes/ecs/index.ts'),
    import('../../../test/fakes/ecs/provider-options.ts'),
  ]);
  const fake = await startFakeEcs({ history: false });
  return { options: fargateOptions(fake), close: () => fake.close() };
}
