import type { Container } from '../../../src/kube/types.ts';
import {
  agnhostImage,
  busyboxImage,
  ended,
  type OracleCase,
  once,
  pod,
  ready,
  refusedImage,
  server,
  shell,
  waits,
} from '../case.ts';

const oom = { resources: { limits: { memory: '32Mi' } } };
/** Unlimited, so that the Pod has no limit that is reached before the container's. */
const idle = shell('sleep 600', { name: 'idle' });
const eats = 'sleep 1; tail /dev/zero';

function image(image: string, more: Partial<Container> = {}): { spec: OracleCase['spec'] } {
  return pod({ name: 'main', image, command: ['sleep', '600'], ...more });
}

/** Containers that cannot be started, images that are not there, and memory that is not enough. */
export const starts: readonly OracleCase[] = [
  { name: 'command-missing', ...pod({ ...shell(''), command: ['/no/such'] }, once), until: ended },
  { name: 'command-missing-in-path', ...pod({ ...shell(''), command: ['nosuch'] }, once), until: ended },
  {
    name: 'command-missing-always',
    ...pod({ ...shell(''), command: ['/no/such'] }),
    until: waits('CrashLoopBackOff', 1),
  },
  { name: 'command-not-executable', ...pod({ ...shell(''), command: ['/etc/passwd'] }, once), until: ended },
  { name: 'command-is-a-folder', ...pod({ ...shell(''), command: ['/etc'] }, once), until: ended },
  {
    name: 'command-missing-beside-one-that-runs',
    ...pod([{ ...shell('', { name: 'bad' }), command: ['/no/such'] }, idle]),
    until: waits('CrashLoopBackOff', 1),
  },
  {
    name: 'folder-missing',
    ...pod(shell('pwd > /dev/termination-log', { workingDir: '/no/such' }), once),
    until: ended,
  },
  { name: 'folder-is-a-file', ...pod(shell('pwd', { workingDir: '/etc/passwd' }), once), until: ended },
  { name: 'args-of-the-image', ...pod({ name: 'main', image: agnhostImage, args: ['pause'] }), until: ready },
  { name: 'image-refused', ...image(refusedImage), until: waits('ImagePullBackOff') },
  {
    name: 'image-refused-always',
    ...image(refusedImage, { imagePullPolicy: 'Always' }),
    until: waits('ImagePullBackOff'),
  },
  {
    name: 'image-of-one-refused',
    ...pod([{ name: 'bad', image: refusedImage }, idle]),
    until: waits('ImagePullBackOff'),
  },
  {
    name: 'image-never-there',
    ...image(refusedImage, { imagePullPolicy: 'Never' }),
    until: waits('ErrImageNeverPull'),
  },
  { name: 'image-never-pulled', ...pod(shell('exit 0', { imagePullPolicy: 'Never' }), once), until: ended },
  { name: 'image-name-invalid', ...image('UPPER/Case:1'), until: waits('InvalidImageName') },
  { name: 'image-name-invalid-tag', ...image('app:no good'), until: waits('InvalidImageName') },
  {
    name: 'image-of-init-refused',
    ...pod(server(), { initContainers: [{ name: 'first', image: refusedImage }] }),
    until: waits('ImagePullBackOff'),
  },
  {
    name: 'image-secret-missing',
    ...pod(shell('exit 0'), { ...once, imagePullSecrets: [{ name: 'none' }] }),
    until: ended,
  },
  { name: 'oom-never', ...pod([shell(eats, oom), shell('sleep 4', { name: 'idle' })], once), until: ended },
  { name: 'oom-always', ...pod([shell(eats, oom), idle]), until: waits('CrashLoopBackOff', 1) },
  {
    name: 'oom-of-a-child',
    ...pod([shell('sleep 1; tail /dev/zero; exit 3', oom), shell('sleep 4', { name: 'idle' })], once),
    until: ended,
  },
  {
    name: 'two-of-one-image',
    ...pod([shell('exit 0', { name: 'a', image: busyboxImage }), shell('exit 0', { name: 'b' })], once),
    until: ended,
  },
];
