import type { FakeEci, FakeEciOptions } from '../../../test/fakes/eci/index.ts';
import { startFakeEci } from '../../../test/fakes/eci/index.ts';
import type { ConformanceHarness, Program } from '../../contract/conformance/index.ts';
import type { InstanceSpec, ProviderLog } from '../../contract/index.ts';
import { wallClock } from '../../contract/index.ts';
import { createSdkApi } from '../api/sdk-api.ts';
import { eciOffers } from '../offers.ts';
import type { EciOptions } from '../options.ts';
import { readEciOptions } from '../options.ts';
import { PriceBook } from '../prices.ts';
import { EciProvider } from '../provider.ts';

/** A cloud in a hurry: everything that would take seconds takes parts of one. */
export const hurried: FakeEciOptions = {
  stages: { schedulingMs: 10, pendingMs: 20, releasingMs: 500 },
  limits: 'none',
};

const quiet: ProviderLog = { debug() {}, info() {}, warn() {}, error() {} };

export function optionsFor(fake: FakeEci, more: Readonly<Record<string, unknown>> = {}): EciOptions {
  const { endpoint, credentials, cloud } = fake;
  return readEciOptions(
    {
      region: cloud.region,
      endpoint,
      credentials,
      vSwitches: Object.entries(cloud.vSwitches).map(([id, zone]) => ({ id, zone })),
      securityGroupId: 'sg-fake',
      ...more,
    },
    {},
  );
}

/** The genuine SDK between the adapter and the fake. */
export async function connect(
  fake: FakeEci,
  log: ProviderLog = quiet,
  more: Readonly<Record<string, unknown>> = {},
): Promise<EciProvider> {
  const options = optionsFor(fake, more);
  const api = createSdkApi(options, wallClock);
  const pace = { fastMs: 80, slowMs: 400 };
  return new EciProvider({ api, options, log, clock: wallClock, random: Math.random, pace });
}

/** With the smallest size on demand in the first zone, as the node would have chosen it. */
export function purchased(spec: InstanceSpec, options: EciOptions): InstanceSpec {
  const [offer] = eciOffers(options, new PriceBook(options)).filter(({ market }) => market === 'on-demand');
  const [size] = offer?.sizes ?? [];
  if (offer === undefined || size === undefined) throw new Error('nothing is offered');
  return { ...spec, purchase: { offer: offer.id, market: offer.market, size } };
}

/** The kit's programs as scripts of the fake, which executes nothing but what exec brings. */
function scripted(spec: InstanceSpec, programs: Readonly<Record<string, Program>>): InstanceSpec {
  const withScript = <Container extends InstanceSpec['containers'][number]>(
    container: Container,
  ): Container => {
    const program = programs[container.name];
    if (program === undefined) return container;
    const variable = { name: 'BURSTLET_FAKE_SCRIPT', value: scriptOf(program), secret: false };
    return { ...container, env: [...container.env, variable] };
  };
  return {
    ...spec,
    containers: spec.containers.map(withScript),
    initContainers: spec.initContainers.map(withScript),
  };
}

function scriptOf({ print = [], printEnv = [], printEverySeconds = 0, exit, onTerm = 0 }: Program): string {
  const printMs = print.length * printEverySeconds * 1000;
  return JSON.stringify({
    logs: print.map(({ stream, text }) => (stream === 'stdout' ? text : { stderr: text })),
    logEveryMs: printEverySeconds * 1000,
    exits: exit ? [{ code: exit.code, afterMs: (exit.afterSeconds ?? 0) * 1000 + printMs }] : [],
    onTerm: onTerm === 'ignore' ? 'ignore' : { code: onTerm },
    ...(printEnv.length > 0 && { printEnv }),
  });
}

export function eciHarness(): ConformanceHarness {
  return {
    lacks: ['attach', 'portForward', 'update'],
    skip: {
      'logs hold what was written, on which stream and when': 'the API gives both streams as one',
    },
    arrange: (spec, programs) => purchased(scripted(spec, programs), arrangeOptions),
    async backend() {
      const fake = await startFakeEci(hurried);
      return {
        connect: (log) => connect(fake, log),
        leftovers: async () => fake.cloud.present().map(({ id, status }) => `${id} ${status}`),
        close: () => fake.close(),
      };
    },
  };
}

const arrangeOptions = readEciOptions(
  {
    region: 'cn-hangzhou',
    vSwitches: [{ id: 'vsw-fake-h', zone: 'cn-hangzhou-h' }],
    securityGroupId: 'sg-fake',
  },
  {},
);
