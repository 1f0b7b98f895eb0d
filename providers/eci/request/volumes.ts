import type { FileSpec, VolumeSpec } from '../../contract/index.ts';
import type { RequestVolume } from '../api/eci-api.ts';
import { unfit } from './fault.ts';

/** …/user-guide/mount-a-configfile-volume; …/product-overview/limits. */
const largestFileBytes = 32 * 1024;
const largestInAllBytes = 60 * 1024;
const mostFiles = 90;
const mostVolumes = 20;

export function volumesOf(volumes: readonly VolumeSpec[]): readonly RequestVolume[] {
  if (volumes.length > mostVolumes)
    throw unfit(
      'spec.volumes',
      `${volumes.length} volumes, and an instance has at most ${mostVolumes}`,
      'gather some in a projected volume',
    );
  checkTotal(volumes);
  return volumes.map(volumeOf);
}

function volumeOf(volume: VolumeSpec): RequestVolume {
  const { name } = volume;
  if (volume.kind === 'emptyDir')
    return {
      name,
      type: 'EmptyDirVolume',
      emptyDirVolume: {
        ...(volume.medium === 'Memory' && { medium: 'Memory' }),
        ...(volume.sizeLimitBytes !== undefined && { sizeLimit: mebibytes(volume.sizeLimitBytes) }),
      },
    };
  const field = `spec.volumes[${name}]`;
  if (volume.files.length > mostFiles)
    throw unfit(
      field,
      `${volume.files.length} files, and a volume of an instance holds at most ${mostFiles}`,
      'divide it, or pack the files into the image',
    );
  return {
    name,
    type: 'ConfigFileVolume',
    configFileVolume: { configFileToPath: volume.files.map((file) => fileOf(file, field)) },
  };
}

function fileOf(
  { path, content, mode }: FileSpec,
  field: string,
): {
  readonly path: string;
  readonly content: string;
  readonly mode: number;
} {
  if (content.byteLength > largestFileBytes)
    throw unfit(
      field,
      `the file ${path} has ${content.byteLength} bytes, and one file of an instance holds at most ${largestFileBytes}`,
      'put it into the image, or fetch it when the container starts',
    );
  return { path, content: Buffer.from(content).toString('base64'), mode: octalDigits(mode) };
}

function checkTotal(volumes: readonly VolumeSpec[]): void {
  const sizes = volumes.map((volume) => ({
    name: volume.name,
    bytes:
      volume.kind === 'files' ? volume.files.reduce((sum, { content }) => sum + content.byteLength, 0) : 0,
  }));
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total <= largestInAllBytes) return;
  const largest = sizes.toSorted((one, other) => other.bytes - one.bytes).slice(0, 3);
  const list = largest.map(({ name, bytes }) => `${name} ${bytes}`).join(', ');
  throw unfit(
    'spec.volumes',
    `the files of configMap, secret, downwardAPI and projected volumes have ${total} bytes, and all those of an instance at most ${largestInAllBytes} (largest: ${list})`,
    'put some into the image, or fetch them when the container starts',
  );
}

/** The API wants the octal digits themselves: 0o644 is 644, and the vendor's example is 0644. */
function octalDigits(mode: number): number {
  return Number((mode & 0o777).toString(8));
}

function mebibytes(bytes: number): string {
  return `${Math.max(1, Math.ceil(bytes / 2 ** 20))}Mi`;
}
