import type { CreateRequest, FurtherParameters } from '../api/eci-api.ts';
import { unfit } from './fault.ts';

const prefix = 'k8s.aliyun.com/';

/** What an annotation asks for: parameters of the request, and those that the SDK's class lacks. */
export interface Patch {
  readonly request?: Partial<CreateRequest>;
  readonly further?: FurtherParameters;
}

type Reading = (value: string, key: string) => Patch;

const flag: (name: keyof CreateRequest) => Reading = (name) => (value, key) => {
  if (value !== 'true' && value !== 'false') throw wrong(key, 'true or false');
  return { request: { [name]: value === 'true' } };
};
const text: (name: keyof CreateRequest) => Reading = (name) => (value) => ({ request: { [name]: value } });
const whole: (name: keyof CreateRequest, least?: number, most?: number) => Reading =
  (name, least = 0, most = Number.MAX_SAFE_INTEGER) =>
  (value, key) => ({ request: { [name]: readWhole(value, key, least, most) } });

/**
 * The annotations that become parameters, by their name without the prefix, with the meaning that the vendor documents
 * (user-guide/pod-annotations, 2025-04-24).
 */
const read: Readonly<Record<string, Reading>> = {
  'eci-auto-imc': flag('autoMatchImageCache'),
  'eci-image-cache': flag('autoMatchImageCache'),
  'eci-imc-id': text('imageSnapshotId'),
  'eci-image-snapshot-id': text('imageSnapshotId'),
  'image-accelerate-mode': text('imageAccelerateMode'),
  'plain-http-registry': text('plainHttpRegistry'),
  'insecure-registry': text('insecureRegistry'),
  'acr-instance-ids': (value) => ({
    request: { acrRegistryInfo: listOf(value).map((instanceId) => ({ instanceId })) },
  }),
  'eci-ram-role-name': text('ramRoleName'),
  'eci-resource-group-id': text('resourceGroupId'),
  'eci-security-group': text('securityGroupId'),
  'eci-with-eip': flag('autoCreateEip'),
  'eci-eip-instanceid': text('eipInstanceId'),
  'eip-bandwidth': whole('eipBandwidth', 1),
  'eip-common-bandwidth-package-id': text('eipCommonBandwidthPackage'),
  'eip-isp': text('eipISP'),
  'eci-enable-ipv6': (value, key) => (readFlag(value, key) ? { request: { ipv6AddressCount: 1 } } : {}),
  'eci-ipv6-bandwidth-enable': flag('ipv6GatewayBandwidthEnable'),
  'eci-ipv6-bandwidth': text('ipv6GatewayBandwidth'),
  'eci-private-ip-address': text('privateIpAddress'),
  'eci-fixed-ip': text('fixedIp'),
  'eci-fixed-ip-retain-hour': whole('fixedIpRetainHour', 1),
  'eci-extra-ephemeral-storage': (value, key) => ({ request: { ephemeralStorage: readGib(value, key) } }),
  'eci-ntp-server': (value) => ({ request: { ntpServer: listOf(value) } }),
  'eci-core-pattern': text('corePattern'),
  'eci-cpu-option-core': whole('cpuOptionsCore', 1),
  'eci-cpu-option-ht': whole('cpuOptionsThreadsPerCore', 1, 2),
  'eci-gpu-driver-version': (value) => ({ further: { GpuDriverVersion: value } }),
  'eci-compute-category': (value) => ({
    further: Object.fromEntries(
      listOf(value).map((category, index) => [`ComputeCategory.${index + 1}`, category]),
    ),
  }),
  'eci-max-pending-minute': (value, key) => ({
    further: { MaxPendingMinute: String(readWhole(value, key, 10, 1440)) },
  }),
  'eci-data-cache-bucket': text('dataCacheBucket'),
  'eci-data-cache-pl': text('dataCachePL'),
  'eci-data-cache-provisionedIops': whole('dataCacheProvisionedIops'),
  'eci-data-cache-burstingEnabled': flag('dataCacheBurstingEnabled'),
  'eci-spot-strategy': (value, key) => {
    if (!['NoSpot', 'SpotAsPriceGo', 'SpotWithPriceLimit'].includes(value))
      throw wrong(key, 'NoSpot, SpotAsPriceGo or SpotWithPriceLimit');
    return { request: { spotStrategy: value } };
  },
  'eci-spot-price-limit': (value, key) => ({ request: { spotPriceLimit: readDecimal(value, key) } }),
  'eci-spot-duration': whole('spotDuration', 0, 1),
  'eci-custom-tags': (value, key) => ({ request: { tag: readTags(value, key) } }),
};

/** Effects that a Pod could ask for and the API of an instance has not, or that would undo what the node decides. */
const refused: Readonly<Record<string, string>> = {
  'eci-instance-family':
    'sizes come from the requests and limits of the containers and from provider.options.instanceTypes',
  'eci-instance-generation':
    'sizes come from the requests and limits of the containers and from provider.options.instanceTypes',
  'eci-privatepool-matchcriteria': 'reserved capacity is not bought here',
  'eci-privatepool-id': 'reserved capacity is not bought here',
  'imc-perfect-match': 'the API has no such parameter',
  'imc-match-count-request': 'the API has no such parameter',
  'acr-service-arns': 'the API of the SDK pairs them with an instance; use an imagePullSecret',
  'acr-user-arns': 'the API of the SDK pairs them with an instance; use an imagePullSecret',
  'eip-internet-charge-type': 'the API has no such parameter',
  'eip-public-ip-address-pool-id': 'the API has no such parameter',
  'eci-custom-dnsconfig': 'use spec.dnsConfig',
  'eci-custom-hosts': 'use spec.hostAliases',
  'eci-ephemeral-storage-options': 'the API of the SDK has no such parameter',
  'eci-set-diskvolume': 'disks are not attached',
  'eci-host-sysctls': 'use spec.securityContext.sysctls',
  'eci-wait-clusterip-ready': 'there is no kube-proxy inside of an instance',
  'eci-kube-proxy-enabled': 'there is no kube-proxy inside of an instance',
};

/** Of these the node has chosen the offer (wishes.ts). */
const chosenBefore = ['eci-use-specs', 'eci-vswitch', 'eci-spot-fallback'] as const;

/** The annotations of the vendor that have a meaning here, for the table of the guide. */
export const annotationTable = { read: [...Object.keys(read), ...chosenBefore], refused } as const;

/** Throws InvalidSpec for one that cannot be honoured. Unknown ones, and those that only steer the vendor's node, do nothing. */
export function patchesOf(annotations: Readonly<Record<string, string>>): Required<Patch> {
  let request: Partial<CreateRequest> = {};
  let further: FurtherParameters = {};
  for (const [name, value] of Object.entries(annotations)) {
    const bandwidth = bandwidthOf(name);
    if (bandwidth !== undefined) request = { ...request, [bandwidth]: readBandwidth(value, name) };
    if (!name.startsWith(prefix)) continue;
    const key = name.slice(prefix.length);
    const why = Object.hasOwn(refused, key) ? refused[key] : undefined;
    if (why !== undefined) throw unfit(fieldOf(key), `not honoured here, ${why}`, 'remove the annotation');
    const reading = Object.hasOwn(read, key) ? read[key] : undefined;
    const patch = reading?.(value, key) ?? {};
    request = { ...request, ...patch.request };
    further = { ...further, ...patch.further };
  }
  return { request, further };
}

function bandwidthOf(name: string): 'ingressBandwidth' | 'egressBandwidth' | undefined {
  if (name === 'kubernetes.io/ingress-bandwidth') return 'ingressBandwidth';
  return name === 'kubernetes.io/egress-bandwidth' ? 'egressBandwidth' : undefined;
}

function fieldOf(key: string): string {
  return `metadata.annotations[${key.includes('/') ? key : prefix + key}]`;
}

function wrong(key: string, wanted: string): Error {
  return unfit(fieldOf(key), `expected ${wanted}`, 'correct or remove the annotation');
}

function listOf(value: string): string[] {
  return value
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}

function readFlag(value: string, key: string): boolean {
  if (value !== 'true' && value !== 'false') throw wrong(key, 'true or false');
  return value === 'true';
}

function readWhole(value: string, key: string, least: number, most: number): number {
  const number = Number(value);
  if (value.trim() === '' || !Number.isSafeInteger(number) || number < least || number > most)
    throw wrong(key, `a whole number from ${least} to ${most}`);
  return number;
}

function readDecimal(value: string, key: string): number {
  if (!/^\d+(\.\d{1,3})?$/.test(value)) throw wrong(key, 'a price with at most three decimals');
  return Number(value);
}

function readGib(value: string, key: string): number {
  const parts = /^(\d+)(?:Gi)?$/.exec(value);
  if (parts === null) throw wrong(key, 'GiB, such as 50Gi');
  return Number(parts[1]);
}

/** As the Kubernetes bandwidth plugin reads it, in bits per second; the API takes bits too. */
function readBandwidth(value: string, key: string): number {
  const parts = /^(\d+)([kMG]i?)?$/.exec(value);
  if (parts === null) throw wrong(key, 'bits per second, such as 10M');
  const factors: Readonly<Record<string, number>> = {
    k: 1e3,
    M: 1e6,
    G: 1e9,
    ki: 2 ** 10,
    Mi: 2 ** 20,
    Gi: 2 ** 30,
  };
  return Number(parts[1]) * (factors[parts[2] ?? ''] ?? 1);
}

function readTags(value: string, key: string): { readonly key: string; readonly value: string }[] {
  const pairs = listOf(value).map((pair) => pair.split(':'));
  if (pairs.length > 3 || pairs.some(([name = '', ...rest]) => name === '' || rest.length !== 1))
    throw wrong(key, 'at most three tags, such as team:web,env:test');
  return pairs.map(([name = '', text = '']) => ({ key: name, value: text }));
}
