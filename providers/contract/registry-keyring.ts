import type { ImageReference } from './image-reference.ts';
import type { RegistryCredential } from './instance-spec.ts';

/** Names of Docker Hub in the files that `docker login` writes. */
const dockerHub = ['docker.io', 'index.docker.io', 'registry-1.docker.io'];

interface Server {
  readonly host: string;
  readonly path: string;
}

/**
 * The credentials for an image, the most precise first, as the kubelet's keyring gives them (credentialprovider
 * keyring.go): a server is a host, maybe with a port and the beginning of a path; parts of a host name may be globs.
 */
export function credentialsFor(
  image: ImageReference,
  credentials: readonly RegistryCredential[],
): RegistryCredential[] {
  return credentials
    .map((credential) => ({ credential, server: parseServer(credential.server) }))
    .filter(({ server }) => fits(server, image))
    .sort((one, other) => specificity(other.server) - specificity(one.server))
    .map(({ credential }) => credential);
}

/** `https://index.docker.io/v1/` and `registry.example:5000/team` alike. */
function parseServer(server: string): Server {
  const [host = '', ...rest] = server.replace(/^https?:\/\//, '').split('/');
  const path = rest.join('/').replace(/\/+$/, '');
  const isHub = dockerHub.includes(host);
  return { host: isHub ? 'docker.io' : host, path: isHub || /^v[12]$/.test(path) ? '' : path };
}

function fits({ host, path }: Server, image: ImageReference): boolean {
  const [name = '', port = ''] = splitPort(host);
  const [imageName = '', imagePort = ''] = splitPort(image.domain);
  const labels = name.split('.');
  const imageLabels = imageName.split('.');
  return (
    port === imagePort &&
    labels.length === imageLabels.length &&
    labels.every((label, index) => globFits(label, imageLabels[index] ?? '')) &&
    image.path.startsWith(path)
  );
}

function splitPort(host: string): string[] {
  const match = /^(.*?)(?::(\d+))?$/.exec(host);
  return [match?.[1] ?? host, match?.[2] ?? ''];
}

function globFits(glob: string, text: string): boolean {
  if (!glob.includes('*')) return glob === text;
  const parts = glob.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(text);
}

function specificity({ host, path }: Server): number {
  return path.length * 1000 + host.replaceAll('*', '').length;
}
