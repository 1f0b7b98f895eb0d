import type { InstanceSpec } from '../../contract/index.ts';
import { archiveOf } from './archive.ts';
import type { Draft } from './draft.ts';

/** Writes the files of the Pod's volumes before anything else starts. */
export const filesHelper = 'burstlet-files';
/** Starts when all containers of the Pod have ended, and ends at once: with it ends the task. */
const endHelper = 'burstlet-end';
/** Characters of one variable: it fits into a stored secret, with some room. */
const longestVariable = 60_000;

/** The volumes of files that some container mounts. */
function mountedFiles({ volumes, initContainers, containers }: InstanceSpec) {
  const mounted = new Set(
    [...initContainers, ...containers].flatMap(({ mounts }) => mounts.map(({ volume }) => volume)),
  );
  return volumes.filter((volume) => volume.kind === 'files').filter(({ name }) => mounted.has(name));
}

export function needsFiles(spec: InstanceSpec): boolean {
  return mountedFiles(spec).length > 0;
}

/**
 * A task without an essential container is refused by ECS, and the end of an essential one ends the others. So where one
 * container may end before the others, none of them is essential, and a further one that waits for all of them is.
 * With restartPolicy Always no container is meant to end: one that did and was not started again ends the task.
 */
export function needsEnd({ containers, restartPolicy }: InstanceSpec): boolean {
  return containers.length > 1 && restartPolicy !== 'Always';
}

/**
 * Each volume comes as an archive in variables: ECS has nothing else in which a task could be given files. One variable
 * does, but for what a stored secret would be too small for.
 */
export function filesContainer(spec: InstanceSpec, image: string): Draft {
  const volumes = mountedFiles(spec);
  const archives = volumes.map(({ files }, index) => ({
    parts: partsOf(archiveOf(files).toString('base64')).map((value, part) => ({
      name: variable(index, part),
      value,
    })),
    secret: files.some(({ secret }) => secret),
  }));
  const unpack = archives.map(({ parts }, index) => {
    const text = parts.map(({ name }) => `$${name}`).join('');
    return `printf %s "${text}" | base64 -d | tar -xzpf - -C ${folder(index)}`;
  });
  return {
    kind: 'helper',
    health: [],
    definition: {
      name: filesHelper,
      image,
      essential: false,
      entryPoint: ['/bin/sh', '-c', ['set -e', ...unpack].join('\n')],
      user: '0',
      mountPoints: volumes.map(({ name }, index) => ({
        sourceVolume: name,
        containerPath: folder(index),
        readOnly: false,
      })),
    },
    environment: archives.flatMap(({ parts, secret }) => parts.map((part) => ({ ...part, secret }))),
    ...ofHelper,
  };
}

export function endContainer(spec: InstanceSpec, image: string): Draft {
  return {
    kind: 'helper',
    health: [],
    definition: {
      name: endHelper,
      image,
      essential: true,
      entryPoint: ['/bin/sh', '-c', 'exit 0'],
      dependsOn: spec.containers.map(({ name }) => ({ containerName: name, condition: 'COMPLETE' })),
    },
    environment: [],
    ...ofHelper,
  };
}

const ofHelper = { command: undefined, commandIsSecret: false, ofRun: [], credential: undefined };

function partsOf(text: string): string[] {
  const count = Math.max(1, Math.ceil(text.length / longestVariable));
  return Array.from({ length: count }, (_none, index) =>
    text.slice(index * longestVariable, (index + 1) * longestVariable),
  );
}

function variable(volume: number, part: number): string {
  return `BURSTLET_VOLUME_${volume}${part === 0 ? '' : `_${part}`}`;
}

function folder(index: number): string {
  return `/burstlet/${index}`;
}
