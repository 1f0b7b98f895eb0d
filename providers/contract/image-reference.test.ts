import { expect, test } from 'vitest';
import { canonicalName, parseImage } from './image-reference.ts';

const digest = `sha256:${'a'.repeat(64)}`;

test.each([
  ['busybox', 'docker.io/library/busybox:latest'],
  ['busybox:1.36', 'docker.io/library/busybox:1.36'],
  ['docker.io/busybox', 'docker.io/library/busybox:latest'],
  ['index.docker.io/library/busybox', 'docker.io/library/busybox:latest'],
  ['team/app', 'docker.io/team/app:latest'],
  ['localhost/app', 'localhost/app:latest'],
  ['registry.example:5000/a/b-c__d.e:v1', 'registry.example:5000/a/b-c__d.e:v1'],
  ['[::1]:5000/app', '[::1]:5000/app:latest'],
  [`busybox@${digest}`, `docker.io/library/busybox@${digest}`],
  [`busybox:1.36@${digest}`, `docker.io/library/busybox@${digest}`],
])('%s is %s', (image, name) => {
  expect(canonicalName(parseImage(image))).toBe(name);
});

test.each([
  '',
  ':',
  'a:',
  'a b',
  'Busy/Box:UP:x',
  '/app',
  'app/',
  'a//b',
  'a@sha256:1',
  'a@b@c',
  '-a',
  'a:-x',
  '[::1:5000/app',
])('%j is no image name', (image) => {
  expect(() => parseImage(image)).toThrow(
    `couldn't parse image name ${JSON.stringify(image)}: invalid reference format`,
  );
});

test('capitals are pointed out, with the reason of the kubelet', () => {
  expect(() => parseImage('INVALID')).toThrow(
    expect.objectContaining({
      kind: 'InvalidSpec',
      reason: 'InvalidImageName',
      message: `Failed to apply default image tag "INVALID": couldn't parse image name "INVALID": invalid reference format: repository name (INVALID) must be lowercase`,
    }),
  );
});
