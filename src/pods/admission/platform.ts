import type { Capabilities } from '../../../providers/contract/index.ts';
import type { Pod } from '../../kube/types.ts';
import { aboutFields, type Finding } from './finding.ts';
import { containersOf, some } from './uses.ts';

/** What the provider's instances are, against what the Pod needs: operating system, images, entry point. */
export function platformFindings(pod: Pod, capabilities: Capabilities): Finding[] {
  return [
    ...wrongOs(pod, capabilities.os),
    ...wrongImages(pod, capabilities.images),
    ...(capabilities.needsCommand ? missingCommands(pod) : []),
  ];
}

/** The reasons are the kubelet's (pkg/kubelet/lifecycle/predicate.go). */
function wrongOs({ spec }: Pod, has: Capabilities['os']): Finding[] {
  const finding = (reason: string, field: string, wanted: string | undefined): Finding[] =>
    wanted === undefined || has.some((os) => os === wanted)
      ? []
      : [
          {
            reason,
            fields: [field],
            text: aboutFields([field], `instances on this node run ${has.join(' or ')}, not ${wanted}`),
            instead: `use a node for ${wanted}, or leave the field out if the Pod runs on ${has.join(' or ')} as well`,
          },
        ];
  return [
    ...finding(
      'PodOSSelectorNodeLabelDoesNotMatch',
      'spec.nodeSelector[kubernetes.io/os]',
      spec?.nodeSelector?.['kubernetes.io/os'],
    ),
    ...finding('PodOSNotSupported', 'spec.os.name', spec?.os?.name),
  ];
}

function wrongImages(pod: Pod, images: Capabilities['images']): Finding[] {
  if (images === undefined) return [];
  const fields = containersOf(pod)
    .filter(({ container }) => !images.repositories.includes(imageRepository(container.image ?? '')))
    .map(({ path }) => `${path}.image`);
  if (fields.length === 0) return [];
  const { why, instead } = images;
  return [{ reason: 'ImageNotSupported', fields, text: aboutFields(fields, why), instead }];
}

function missingCommands(pod: Pod): Finding[] {
  const fields = containersOf(pod)
    .filter(({ container }) => !some(container.command))
    .map(({ path }) => `${path}.command`);
  if (fields.length === 0) return [];
  return [
    {
      reason: 'CommandRequired',
      fields,
      text: aboutFields(fields, 'the provider knows no entry point of an image, so there is nothing to run'),
      instead: 'set command',
    },
  ];
}

/** `registry:5000/team/app:v1@sha256:…` is in `registry:5000/team/app`. */
export function imageRepository(image: string): string {
  const [name = ''] = image.split('@');
  const colon = name.lastIndexOf(':');
  return colon > name.lastIndexOf('/') ? name.slice(0, colon) : name;
}
