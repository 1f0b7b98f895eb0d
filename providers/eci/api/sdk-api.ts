import { createRequire } from 'node:module';
import type { Config } from '@alicloud/openapi-client';
import type { ProviderClock } from '../../contract/index.ts';
import { ProviderError } from '../../contract/index.ts';
import type { Credentials } from '../options.ts';
import type { Action, CallOptions, EciAnswer, EciApi, EciRequest, SdkAnswer, SdkRequest } from './eci-api.ts';
import { toProviderError } from './errors.ts';

export interface SdkSettings {
  readonly region: string;
  readonly endpoint: URL;
  /** Absent = what the vendor's chain of credentials finds: its configuration file, OIDC, the role of the machine. */
  readonly credentials?: Credentials;
}

type Sdk = typeof import('@alicloud/eci20180808');
type Client = InstanceType<Sdk['default']>;
type Runtime = Parameters<Client['listUsageWithOptions']>[1];

type Table = {
  readonly [A in Action]: {
    readonly model: new (fields: Record<string, unknown>) => SdkRequest<A>;
    send(request: SdkRequest<A>, runtime: Runtime): Promise<{ readonly body: SdkAnswer<A> }>;
  };
};

const packages = '@alicloud/eci20180808 @alicloud/openapi-client';

/** The API as the vendor's SDK speaks it. Throws ProviderError when the SDK is not installed. */
export function createSdkApi(
  settings: SdkSettings,
  clock: ProviderClock,
  load: NodeJS.Require = createRequire(import.meta.url),
): EciApi {
  const { sdk, Config, Credential } = loadPackages(load);
  const { region, endpoint, credentials } = settings;
  const config = new Config({
    regionId: region,
    endpoint: endpoint.host,
    protocol: endpoint.protocol === 'http:' ? 'HTTP' : 'HTTPS',
    ...(credentials ?? { credential: new Credential() }),
  });
  return new SdkApi(tableOf(sdk, new sdk.default(config)), clock);
}

class SdkApi implements EciApi {
  readonly #table: Table;
  readonly #clock: ProviderClock;

  constructor(table: Table, clock: ProviderClock) {
    this.#table = table;
    this.#clock = clock;
  }

  async call<A extends Action>(
    action: A,
    request: EciRequest<A>,
    { further = {}, timeoutMs }: CallOptions,
    signal: AbortSignal,
  ): Promise<EciAnswer<A>> {
    signal.throwIfAborted();
    const { model: Model, send } = this.#table[action];
    // The SDK's own retries repeat neither refusals nor server errors; what is worth repeating is known here.
    const runtime = {
      autoretry: false,
      connectTimeout: Math.min(5_000, timeoutMs),
      readTimeout: timeoutMs,
      extendsParameters: { queries: { ...further } },
    } as unknown as Runtime;
    const answered = send(new Model({ ...request }), runtime).catch((error: unknown) => {
      throw toProviderError(error, action);
    });
    const { body } = await this.#inTime(action, answered, timeoutMs, signal);
    return body as EciAnswer<A>;
  }

  /** The answer, unless it takes too long or nobody waits for it any more. */
  async #inTime<T>(action: Action, answer: Promise<T>, timeoutMs: number, signal: AbortSignal): Promise<T> {
    let leave = (): void => undefined;
    const given = new Promise<never>((_, reject) => {
      const giveUp = (why: string): void =>
        reject(new ProviderError('Retryable', `${action}: ${why}; the outcome is unknown`));
      const aborted = (): void => giveUp('given up by the caller');
      const cancel = this.#clock.schedule(timeoutMs, () => giveUp(`no answer within ${timeoutMs} ms`));
      signal.addEventListener('abort', aborted, { once: true });
      leave = () => {
        cancel();
        signal.removeEventListener('abort', aborted);
      };
    });
    try {
      return await Promise.race([answer, given]);
    } finally {
      leave();
      // Given up or not, its late failure concerns nobody.
      answer.catch(() => undefined);
    }
  }
}

/** Each action with the class of its parameters. */
function tableOf(sdk: Sdk, client: Client): Table {
  return {
    createContainerGroup: {
      model: sdk.CreateContainerGroupRequest,
      send: (request, runtime) => client.createContainerGroupWithOptions(request, runtime),
    },
    deleteContainerGroup: {
      model: sdk.DeleteContainerGroupRequest,
      send: (request, runtime) => client.deleteContainerGroupWithOptions(request, runtime),
    },
    describeContainerGroups: {
      model: sdk.DescribeContainerGroupsRequest,
      send: (request, runtime) => client.describeContainerGroupsWithOptions(request, runtime),
    },
    describeContainerGroupStatus: {
      model: sdk.DescribeContainerGroupStatusRequest,
      send: (request, runtime) => client.describeContainerGroupStatusWithOptions(request, runtime),
    },
    describeContainerLog: {
      model: sdk.DescribeContainerLogRequest,
      send: (request, runtime) => client.describeContainerLogWithOptions(request, runtime),
    },
    describeContainerGroupPrice: {
      model: sdk.DescribeContainerGroupPriceRequest,
      send: (request, runtime) => client.describeContainerGroupPriceWithOptions(request, runtime),
    },
    describeMultiContainerGroupMetric: {
      model: sdk.DescribeMultiContainerGroupMetricRequest,
      send: (request, runtime) => client.describeMultiContainerGroupMetricWithOptions(request, runtime),
    },
    execContainerCommand: {
      model: sdk.ExecContainerCommandRequest,
      send: (request, runtime) => client.execContainerCommandWithOptions(request, runtime),
    },
    listUsage: {
      model: sdk.ListUsageRequest,
      send: (request, runtime) => client.listUsageWithOptions(request, runtime),
    },
  };
}

interface Packages {
  readonly sdk: Sdk;
  readonly Config: new (fields: Record<string, unknown>) => Config;
  readonly Credential: new () => NonNullable<Config['credential']>;
}

/** Optional packages of some 36 MB, CommonJS all of them: nobody without this provider loads them. */
function loadPackages(load: NodeJS.Require): Packages {
  try {
    const sdk: Sdk = load('@alicloud/eci20180808');
    const { Config } = load('@alicloud/openapi-client');
    // The vendor's package for credentials, in the version that its base client brings.
    const beside = createRequire(load.resolve('@alicloud/openapi-client'));
    const { default: Credential } = beside('@alicloud/credentials');
    return { sdk, Config, Credential };
  } catch {
    throw new ProviderError(
      'Unsupported',
      `the SDK of Elastic Container Instance is not installed here; run: npm install ${packages}`,
    );
  }
}
