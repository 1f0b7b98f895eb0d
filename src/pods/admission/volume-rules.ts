import { refused } from '../../../providers/contract/index.ts';
import type { Volume } from '../../kube/types.ts';
import type { NodeRule, ProviderRule, Rule } from './rule.ts';
import { isAutomaticTokenVolume } from './token-volume.ts';
import { type FindUses, volumeField } from './uses.ts';

type Projection = NonNullable<NonNullable<Volume['projected']>['sources']>[number];

/** Volume sources that have a rule of their own. */
const known = [
  'emptyDir',
  'configMap',
  'secret',
  'downwardAPI',
  'projected',
  'hostPath',
  'persistentVolumeClaim',
  'ephemeral',
  'csi',
  'nfs',
  'image',
] as const;

/** Sources of old that the API still has; they take the way of every other source that is not known. */
const otherSources = [
  'awsElasticBlockStore',
  'azureDisk',
  'azureFile',
  'cephfs',
  'cinder',
  'fc',
  'flexVolume',
  'flocker',
  'gcePersistentDisk',
  'gitRepo',
  'glusterfs',
  'iscsi',
  'photonPersistentDisk',
  'portworxVolume',
  'quobyte',
  'rbd',
  'scaleIO',
  'storageos',
  'vsphereVolume',
];

function source(name: (typeof known)[number], reason: string): ProviderRule {
  return {
    feature: `spec.volumes.${name}`,
    reason,
    fields: [`spec.volumes.${name}`],
    find: volumeField(name, (volume) => volume[name] !== undefined),
  };
}

function projections(name: keyof Projection): FindUses {
  return ({ spec }) =>
    (spec?.volumes ?? []).flatMap(({ projected }, volume) =>
      (projected?.sources ?? []).flatMap((one, index) =>
        one[name] === undefined ? [] : [`spec.volumes[${volume}].projected.sources[${index}].${name}`],
      ),
    );
}

function unresolved(
  name: 'clusterTrustBundle' | 'podCertificate',
  reason: string,
  instead: string,
): NodeRule {
  const field = `spec.volumes.projected.sources.${name}`;
  return {
    name: `projected.${name}`,
    reason,
    fields: [field],
    find: projections(name),
    support: refused('the node does not resolve this source', instead),
  };
}

/** What is asked for by the volumes of a Pod, mounted or not. */
export const volumeRules: readonly Rule[] = [
  source('hostPath', 'HostPathNotSupported'),
  source('persistentVolumeClaim', 'PersistentVolumeClaimNotSupported'),
  source('ephemeral', 'EphemeralVolumeNotSupported'),
  source('csi', 'CSIVolumeNotSupported'),
  source('nfs', 'NFSVolumeNotSupported'),
  source('image', 'ImageVolumeNotSupported'),
  {
    feature: 'spec.volumes.other',
    reason: 'VolumeTypeNotSupported',
    fields: otherSources.map((name) => `spec.volumes.${name}`),
    find: ({ spec }) =>
      (spec?.volumes ?? []).flatMap((volume, index) =>
        Object.keys(volume)
          .filter((name) => name !== 'name' && !known.some((one) => one === name))
          .map((name) => `spec.volumes[${index}].${name}`),
      ),
  },
  source('emptyDir', 'EmptyDirNotSupported'),
  {
    feature: 'spec.volumes.emptyDir.medium=Memory',
    reason: 'EmptyDirMediumNotSupported',
    fields: ['spec.volumes.emptyDir.medium'],
    find: volumeField('emptyDir.medium', ({ emptyDir }) => Boolean(emptyDir?.medium)),
  },
  {
    feature: 'spec.volumes.emptyDir.sizeLimit',
    reason: 'EmptyDirSizeLimitNotSupported',
    fields: ['spec.volumes.emptyDir.sizeLimit'],
    find: volumeField('emptyDir.sizeLimit', ({ emptyDir }) => emptyDir?.sizeLimit !== undefined),
  },
  source('configMap', 'ConfigMapVolumeNotSupported'),
  source('secret', 'SecretVolumeNotSupported'),
  source('downwardAPI', 'DownwardAPIVolumeNotSupported'),
  {
    ...source('projected', 'ProjectedVolumeNotSupported'),
    find: volumeField(
      'projected',
      (volume) => volume.projected !== undefined && !isAutomaticTokenVolume(volume),
    ),
  },
  {
    feature: 'spec.volumes.projected.serviceAccountToken',
    reason: 'ServiceAccountTokenNotSupported',
    fields: ['spec.volumes.projected.sources.serviceAccountToken'],
    find: projections('serviceAccountToken'),
  },
  unresolved(
    'clusterTrustBundle',
    'ClusterTrustBundleNotSupported',
    'copy the certificates into a ConfigMap and project that',
  ),
  unresolved(
    'podCertificate',
    'PodCertificateNotSupported',
    'use a service account token, or a Secret that a certificate controller fills',
  ),
];
