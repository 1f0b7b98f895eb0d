import { ProviderError } from './errors.ts';

/** An image reference, with everything filled in that may be left out (distribution/reference). */
export interface ImageReference {
  /** `docker.io` when none is named. */
  readonly domain: string;
  /** `library/busybox`. */
  readonly path: string;
  /** A tag or a digest; `latest` when none is given. */
  readonly version: string;
  /** `docker.io/library/busybox`: what credentials are looked up by, and what digests are written after. */
  readonly repository: string;
}

const pathPattern = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
const domainPattern = /^(?:\[[0-9a-fA-F:]+\]|[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?)(?::\d{1,5})?$/;
const tagPattern = /^\w[\w.-]{0,127}$/;
const digestPattern = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;
const longestName = 255;

/** Throws InvalidSpec with the kubelet's reason InvalidImageName. */
export function parseImage(image: string): ImageReference {
  const [beforeDigest = '', digest, ...more] = image.split('@');
  const slash = beforeDigest.lastIndexOf('/');
  const colon = beforeDigest.indexOf(':', slash + 1);
  const name = colon === -1 ? beforeDigest : beforeDigest.slice(0, colon);
  const tag = colon === -1 ? undefined : beforeDigest.slice(colon + 1);
  const [first = '', ...rest] = name.split('/');
  const isDomain =
    rest.length > 0 && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase());
  const domain = isDomain && first !== 'index.docker.io' ? first : 'docker.io';
  const written = isDomain ? rest.join('/') : name;
  if (more.length > 0 || (digest !== undefined && !digestPattern.test(digest))) throw invalid(image);
  if (written !== written.toLowerCase())
    throw invalid(image, `: repository name (${written}) must be lowercase`);
  if (!pathPattern.test(written) || !domainPattern.test(domain) || name.length > longestName)
    throw invalid(image);
  if (tag !== undefined && !tagPattern.test(tag)) throw invalid(image);
  const path = domain === 'docker.io' && !written.includes('/') ? `library/${written}` : written;
  return { domain, path, version: digest ?? tag ?? 'latest', repository: `${domain}/${path}` };
}

/** As the engine takes it. A reference with tag and digest goes by its digest. */
export function canonicalName({ repository, version }: ImageReference): string {
  return `${repository}${version.includes(':') ? '@' : ':'}${version}`;
}

function invalid(image: string, why = ''): ProviderError {
  const name = JSON.stringify(image);
  const message = `Failed to apply default image tag ${name}: couldn't parse image name ${name}: invalid reference format${why}`;
  return new ProviderError('InvalidSpec', message, { field: 'image', reason: 'InvalidImageName' });
}
