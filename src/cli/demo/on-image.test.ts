import { expect, test } from 'vitest';
import { readManifests } from '../manifests/read-manifests.ts';
import { examplesFolder } from './examples-folder.ts';
import { onImage } from './on-image.ts';

test('every image of the examples is replaced, and nothing else', async () => {
  const before = await readManifests([examplesFolder()]);
  const after = onImage(before, 'runtime:1');
  const text = (manifests: typeof before): string => JSON.stringify(manifests.map(({ object }) => object));
  const images = [...text(after).matchAll(/"image":"([^"]*)"/g)].map(([, image]) => image);
  expect(images.length).toBeGreaterThan(8);
  expect(new Set(images)).toEqual(new Set(['runtime:1']));
  expect(text(after).replaceAll('runtime:1', 'burstlet.dev/host:latest')).toBe(text(before));
});
