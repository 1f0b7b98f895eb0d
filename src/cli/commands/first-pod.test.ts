import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { processCapabilities } from '../../../providers/process/capabilities.ts';
import { checkPods } from '../check/check-pods.ts';
import { createShapeCheck } from '../check/shape.ts';
import { parseManifests } from '../manifests/parse-manifests.ts';
import { firstPod } from './first-pod.ts';

/** Whether each Pod of a shell text is admitted: what stands between the two `EOF`. */
function judged(text = ''): boolean[] {
  const [, manifest = ''] = /<<'EOF'\n([\s\S]*?)\nEOF\n/.exec(text) ?? [];
  const { manifests } = parseManifests(manifest, 'f');
  const { pods, problems } = checkPods(
    manifests,
    { capabilities: processCapabilities },
    createShapeCheck() ?? (() => []),
  );
  expect(problems).toEqual([]);
  return pods.map(({ verdict }) => verdict.admitted);
}

const machine = { provider: 'process' };

test('the Pod to paste is not refused, on a node with a taint and without', () => {
  expect(judged(firstPod(machine, false))).toEqual([true]);
  expect(judged(firstPod(machine, true))).toEqual([true]);
  expect(firstPod(machine, true)).toContain('tolerations:');
});

test('the README has the same', () => {
  expect(readFileSync(new URL('../../../README.md', import.meta.url), 'utf8')).toContain(
    firstPod(machine, false),
  );
});

test('it names the image where there is one, and nothing is offered where nothing is known', () => {
  expect(firstPod({ provider: 'docker', image: 'node:24-alpine' }, false)).toContain(
    'image: node:24-alpine,',
  );
  expect(firstPod({ provider: './mine.js' }, false)).toBeUndefined();
});
