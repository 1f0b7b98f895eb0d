import type { InstanceSpec, Purchase } from '../../contract/index.ts';
import { ownershipTags, ProviderError } from '../../contract/index.ts';
import type { CreateRequest, FurtherParameters } from '../api/eci-api.ts';
import { vSwitchOf } from '../offers.ts';
import type { EciOptions } from '../options.ts';
import { plainSize } from '../prices.ts';
import { patchesOf } from './annotations.ts';
import { containerOf, initContainerOf } from './container.ts';
import { unfit } from './fault.ts';
import { volumesOf } from './volumes.ts';

const mostContainers = 20;
const longestName = 128;
const mostTags = 20;
/** Included in every instance; more is bought by the GiB. */
const freeStorageGib = 30;

export interface Creation {
  readonly request: CreateRequest;
  readonly further: FurtherParameters;
}

/**
 * An instance as the API takes it. The same spec and token always give the same request: the vendor answers a repeated
 * one with the first instance only if nothing in it has changed. Throws InvalidSpec that names the field at fault.
 */
export function createRequest(spec: InstanceSpec, token: string, options: EciOptions): Creation {
  const { purchase, owner } = spec;
  if (purchase === undefined)
    throw new ProviderError(
      'InvalidSpec',
      'the instance has no purchase: this provider sells what it creates',
    );
  const count = spec.containers.length + spec.initContainers.length;
  if (count > mostContainers)
    throw unfit(
      'spec.containers',
      `${count} containers, and an instance has at most ${mostContainers}`,
      'divide the Pod',
    );
  const vSwitch = vSwitchOf(options, purchase);
  const patch = patchesOf(spec.annotations);
  const { spotStrategy, spotPriceLimit, spotDuration, tag, ephemeralStorage, ...patched } = patch.request;
  const asked = { spotStrategy, spotPriceLimit, spotDuration };
  const storage = Math.max(ephemeralStorage ?? 0, furtherStorageGib(spec));
  return {
    request: {
      containerGroupName: groupName(owner.namespace, owner.name),
      clientToken: token,
      vSwitchId: vSwitch.id,
      zoneId: vSwitch.zone,
      securityGroupId: options.securityGroupId,
      ...sizeOf(purchase),
      ...spotOf(purchase, options, asked),
      restartPolicy: spec.restartPolicy,
      terminationGracePeriodSeconds: spec.terminationGracePeriodSeconds,
      container: spec.containers.map(containerOf),
      ...(spec.initContainers.length > 0 && { initContainer: spec.initContainers.map(initContainerOf) }),
      ...(spec.volumes.length > 0 && { volume: volumesOf(spec.volumes) }),
      hostName: spec.hostname,
      ...dnsOf(spec),
      ...(spec.hostAliases.length > 0 && {
        hostAliase: spec.hostAliases.map(({ ip, hostnames }) => ({ ip, hostname: hostnames })),
      }),
      ...(spec.registryCredentials.length > 0 && {
        imageRegistryCredential: spec.registryCredentials.map(({ server, username, password }) => ({
          server,
          userName: username,
          password,
        })),
      }),
      ...(spec.securityContext.sysctls?.length && {
        securityContext: { sysctl: spec.securityContext.sysctls },
      }),
      ...(spec.shareProcessNamespace === true && { shareProcessNamespace: true }),
      ...(storage > 0 && { ephemeralStorage: storage }),
      ...(options.ramRole !== undefined && { ramRoleName: options.ramRole }),
      ...(options.resourceGroupId !== undefined && { resourceGroupId: options.resourceGroupId }),
      ...(options.imageCache && { autoMatchImageCache: true }),
      tag: tagsOf(spec, options, tag ?? []),
      ...patched,
    },
    further: {
      ...(options.maxPendingMinutes !== undefined && { MaxPendingMinute: String(options.maxPendingMinutes) }),
      ...(options.computeCategory === 'economy' &&
        purchase.market === 'on-demand' && { 'ComputeCategory.1': 'economy' }),
      ...patch.further,
    },
  };
}

function sizeOf({ size }: Purchase): Pick<CreateRequest, 'cpu' | 'memory' | 'instanceType'> {
  return size.name.startsWith('ecs.') ? { instanceType: size.name } : plainSize(size);
}

type Spot = Pick<CreateRequest, 'spotStrategy' | 'spotPriceLimit' | 'spotDuration'>;
type AskedSpot = { readonly [Key in keyof Spot]: Spot[Key] | undefined };

/** The market is the node's choice; how it is bid for is the Pod's, where it says, and else that of the options. */
function spotOf({ market, size }: Purchase, { spot }: EciOptions, asked: AskedSpot): Spot {
  if (market !== 'spot') return {};
  const usual = spot?.strategy ?? 'SpotAsPriceGo';
  const spotStrategy = asked.spotStrategy === 'NoSpot' ? usual : (asked.spotStrategy ?? usual);
  const limit = asked.spotPriceLimit ?? spot?.pricePerHour[size.name];
  if (spotStrategy === 'SpotWithPriceLimit' && limit === undefined)
    throw unfit(
      'metadata.annotations[k8s.aliyun.com/eci-spot-price-limit]',
      `SpotWithPriceLimit needs a bid, and there is none for ${size.name}`,
      'add the annotation, or provider.options.spot.pricePerHour',
    );
  return {
    spotStrategy,
    ...(spotStrategy === 'SpotWithPriceLimit' && limit !== undefined && { spotPriceLimit: limit }),
    spotDuration: asked.spotDuration ?? spot?.protectedHours ?? 1,
  };
}

/** Without name servers the instance has those of its VPC. */
function dnsOf({ dns }: InstanceSpec): Pick<CreateRequest, 'dnsPolicy' | 'dnsConfig'> {
  const { nameservers, searches, options } = dns;
  if (nameservers.length === 0) return { dnsPolicy: 'Default' };
  return {
    dnsPolicy: 'None',
    dnsConfig: {
      nameServer: nameservers,
      ...(searches.length > 0 && { search: searches }),
      ...(options.length > 0 && { option: options }),
    },
  };
}

function furtherStorageGib({ containers }: InstanceSpec): number {
  const bytes = containers.reduce(
    (sum, { requests, limits }) =>
      sum + Math.max(requests.ephemeralStorageBytes ?? 0, limits.ephemeralStorageBytes ?? 0),
    0,
  );
  return Math.max(0, Math.ceil(bytes / 2 ** 30) - freeStorageGib);
}

function tagsOf(
  { owner }: InstanceSpec,
  options: EciOptions,
  asked: NonNullable<CreateRequest['tag']>,
): NonNullable<CreateRequest['tag']> {
  const own = Object.entries({ ...options.tags, ...ownershipTags(owner) }).map(([key, value]) => ({
    key,
    value,
  }));
  const free = asked.filter(({ key }) => !own.some((each) => each.key === key));
  return [...own, ...free].slice(0, mostTags);
}

/** For people only: names of Pods come back, so nothing is matched by it. */
function groupName(namespace: string, name: string): string {
  const plain = `${namespace}-${name}`.toLowerCase().replaceAll(/[^a-z0-9-]/g, '-');
  return plain.slice(0, longestName).replaceAll(/^-+|-+$/g, '');
}
