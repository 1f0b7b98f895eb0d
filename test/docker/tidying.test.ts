import { existsSync, mkdirSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { sandboxName } from '../../providers/docker/pod/labels.ts';
import { FakeClock } from '../../src/telemetry/fake-clock.ts';
import { testEngine } from './engine.ts';
import { forever, Harness, never, shell, temporaryState } from './harness.ts';

const engine = await testEngine();
afterAll(() => (typeof engine === 'string' ? undefined : engine.close()));

describe.skipIf(typeof engine === 'string')('with every whole list', () => {
  it('containers are ended whose sandbox has ended under them', async () => {
    if (typeof engine === 'string') return;
    const clock = new FakeClock();
    const harness = new Harness(`stranded-${process.pid}`, {}, temporaryState(), clock);
    try {
      const sandbox = await harness.sandbox('stranded');
      const run = await harness.start(sandbox, shell('main', forever));
      await engine.kill(sandboxName(sandbox.id), 'SIGKILL', never);
      const looking = setInterval(() => void clock.advance(61_000), 200);
      const ended = await harness.exit(sandbox, run).finally(() => clearInterval(looking));
      expect(ended.exitCode).toBeGreaterThanOrEqual(0);
      const again = await harness.start(sandbox, shell('main', forever), 1);
      expect(again.state.kind).toBe('running');
    } finally {
      await harness.end();
    }
  });

  it('what a crash has left of sandboxes that never came to be is removed, the rest stays', async () => {
    const node = `left-${process.pid}`;
    const stateDir = temporaryState();
    const first = new Harness(node, {}, stateDir);
    const sandbox = await first.sandbox('stays');
    await first.close();
    const folder = (id: string): string => path.join(stateDir, 'sandboxes', id);
    for (const id of ['old', 'young']) mkdirSync(folder(id));
    const longAgo = new Date(Date.now() - 3_600_000);
    for (const id of ['old', sandbox.id]) utimesSync(folder(id), longAgo, longAgo);
    const second = new Harness(node, {}, stateDir);
    try {
      await second.until('the list', () => second.seen(sandbox));
      for (let looks = 0; existsSync(folder('old')) && looks < 100; looks++)
        await new Promise((resolve) => setTimeout(resolve, 50));
      expect([
        existsSync(folder('old')),
        existsSync(folder('young')),
        existsSync(folder(sandbox.id)),
      ]).toEqual([false, true, true]);
    } finally {
      await second.end();
    }
  });
});
