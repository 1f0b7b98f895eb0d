import { type ServedResource, type ServedSubresource, servedResources } from '../store/resource-table.ts';

/** The group of the core resources has no name and a root of its own. */
const groups = [...new Set(servedResources.map(({ group }) => group))].filter((group) => group !== '');

const aggregatedType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

export interface Discovery {
  readonly body: object;
  readonly type?: string;
}

/** What is served at a discovery path; undefined when the path is none. `origin` is host:port of this server. */
export function discover(path: string, accept: string, origin: string): Discovery | undefined {
  const aggregated = /g=apidiscovery\.k8s\.io;v=v2(;|,|$)/.test(accept.replaceAll(' ', ''));
  if (path === '/api') {
    if (aggregated) return aggregatedList(['']);
    const serverAddressByClientCIDRs = [{ clientCIDR: '0.0.0.0/0', serverAddress: origin }];
    return { body: { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs } };
  }
  if (path === '/apis') {
    if (aggregated) return aggregatedList(groups);
    return { body: { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(groupInfo) } };
  }
  const [, root, group = '', version] = path.split('/');
  if (path === '/api/v1') return { body: resourceList('', 'v1') };
  if (root !== 'apis' || !groups.includes(group) || path.split('/').length > 4) return undefined;
  if (version === undefined) return { body: { kind: 'APIGroup', apiVersion: 'v1', ...groupInfo(group) } };
  return versionOf(group) === version ? { body: resourceList(group, version) } : undefined;
}

/** Every group has one version here. */
function versionOf(group: string): string {
  return servedResources.find((resource) => resource.group === group)?.version ?? 'v1';
}

function groupInfo(group: string): object {
  const version = { groupVersion: `${group}/${versionOf(group)}`, version: versionOf(group) };
  return { name: group, versions: [version], preferredVersion: version };
}

function inGroup(group: string): ServedResource[] {
  return servedResources.filter((resource) => resource.group === group);
}

function resourceList(group: string, version: string): object {
  const resources = inGroup(group).flatMap((resource) => [
    {
      name: resource.plural,
      singularName: resource.singular,
      namespaced: resource.namespaced,
      kind: resource.kind,
      verbs: resource.verbs,
      ...naming(resource),
    },
    ...resource.subresources.map((sub) => ({
      name: `${resource.plural}/${sub.name}`,
      singularName: '',
      namespaced: resource.namespaced,
      ...(sub.kind !== resource.kind && { group: sub.group, version: sub.version }),
      kind: sub.kind,
      verbs: sub.verbs,
    })),
  ]);
  const groupVersion = group === '' ? version : `${group}/${version}`;
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources };
}

function naming({ shortNames, categories }: ServedResource): object {
  return { ...(shortNames.length > 0 && { shortNames }), ...(categories.length > 0 && { categories }) };
}

function aggregatedList(names: readonly string[]): Discovery {
  const items = names.map((group) => ({
    metadata: { ...(group !== '' && { name: group }), creationTimestamp: null },
    versions: [
      { version: versionOf(group), freshness: 'Current', resources: inGroup(group).map(aggregatedResource) },
    ],
  }));
  const body = { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items };
  return { body, type: aggregatedType };
}

function aggregatedResource(resource: ServedResource): object {
  const { group, version, kind, plural, singular, namespaced, verbs, subresources } = resource;
  return {
    resource: plural,
    responseKind: { group, version, kind },
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs,
    ...naming(resource),
    ...(subresources.length > 0 && { subresources: subresources.map(aggregatedSubresource) }),
  };
}

function aggregatedSubresource({ name, group, version, kind, verbs }: ServedSubresource): object {
  return { subresource: name, responseKind: { group, version, kind }, verbs };
}
