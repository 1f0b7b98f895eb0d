import type { VolumeRequest } from '../group/group-spec.ts';
import { invalidParameter, missingParameter, tooMany } from './api-error.ts';
import type { Parameters } from './parameters.ts';

const maxVolumes = 20;
/** Bytes of a file, and of all files of a group, before base64. */
const maxFileBytes = 32 * 1024;
const maxFilesBytes = 60 * 1024;

const types = [
  'ConfigFileVolume',
  'DiskVolume',
  'EmptyDirVolume',
  'FlexVolume',
  'HostPathVolume',
  'NFSVolume',
] as const;

export function readVolumes(parameters: Parameters): VolumeRequest[] {
  const volumes = parameters.list('Volume').map(readVolume);
  if (volumes.length > maxVolumes) throw tooMany('Volume', `at most ${maxVolumes} volumes`);
  if (new Set(volumes.map(({ name }) => name)).size < volumes.length)
    throw invalidParameter('Volume', 'names of volumes repeat');
  const bytes = volumes
    .flatMap(({ files }) => files)
    .reduce((sum, { content }) => sum + Buffer.byteLength(content, 'base64'), 0);
  if (bytes > maxFilesBytes)
    throw tooMany(
      'ConfigFileVolume',
      `all files together hold ${bytes} bytes, at most ${maxFilesBytes} are allowed`,
    );
  return volumes;
}

function readVolume(parameters: Parameters): VolumeRequest {
  const name = parameters.needText('Name');
  if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name))
    throw invalidParameter(
      parameters.where('Name'),
      'lower case letters, digits and inner hyphens are wanted',
    );
  const type = parameters.oneOf('Type', types);
  if (type === undefined) throw missingParameter(parameters.where('Type'));
  const emptyDir = parameters.part('EmptyDirVolume');
  const medium = emptyDir?.oneOf('Medium', ['Memory', 'LocalRaid0']);
  const sizeLimit = emptyDir?.text('SizeLimit');
  const files = parameters.part('ConfigFileVolume')?.list('ConfigFileToPath').map(readFile) ?? [];
  return {
    name,
    type,
    files,
    ...(medium === undefined ? {} : { medium }),
    ...(sizeLimit === undefined ? {} : { sizeLimit }),
  };
}

function readFile(parameters: Parameters): VolumeRequest['files'][number] {
  const path = parameters.needText('Path');
  const content = parameters.text('Content') ?? '';
  // Written in octal digits: the vendor's example is 0644.
  const mode = parameters.integer('Mode', 0, 777);
  if (Buffer.from(content, 'base64').toString('base64').replace(/=+$/, '') !== content.replace(/=+$/, ''))
    throw invalidParameter(parameters.where('Content'), 'it is not base64');
  if (Buffer.byteLength(content, 'base64') > maxFileBytes)
    throw tooMany(parameters.where('Content'), `the file ${path} is larger than ${maxFileBytes} bytes`);
  return { path, content, ...(mode === undefined ? {} : { mode }) };
}
