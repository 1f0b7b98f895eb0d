import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RuntimeContainer, SandboxState } from '../../providers/contract/index.ts';
import { testEngine } from './engine.ts';
import { Harness, shell } from './harness.ts';

const engine = await testEngine();
afterAll(() => (typeof engine === 'string' ? undefined : engine.close()));

describe.skipIf(typeof engine === 'string')('a container that is added to look around', () => {
  const mounts = [{ volume: 'data', mountPath: '/data', readOnly: false }];
  let harness: Harness;
  let sandbox: SandboxState;
  let main: RuntimeContainer;
  let count = 0;

  beforeEach(async () => {
    count += 1;
    harness = new Harness(`ephemeral-${process.pid}-${count}`);
    sandbox = await harness.sandbox('pod', { volumes: [{ name: 'data', kind: 'emptyDir', medium: '' }] });
    main = await harness.start(sandbox, shell('main', 'echo kept > /data/file; exec sleep 4711', { mounts }));
  });
  afterEach(() => harness.end());

  it('sees the processes of its target, its files through them, and the volumes of the Pod', async () => {
    const look = 'until ps -o args | grep "[s]leep 4711"; do :; done; cat /proc/1/root/data/file /data/file';
    const added = shell('debug', look, { mounts, targetContainer: 'main' });
    expect(await harness.output(sandbox, added)).toBe('sleep 4711\nkept\nkept');
    expect(harness.seen(sandbox)?.containers.find(({ id }) => id === main.id)?.state.kind).toBe('running');
  });

  it('without a target sees itself only', async () => {
    expect(await harness.output(sandbox, shell('debug', 'ps -o args | grep -c "[s]leep 4711"'))).toBe('0');
  });

  it('is told to wait when its target does not run', async () => {
    await harness.stop(sandbox, main, 1);
    await harness.exit(sandbox, main);
    await expect(
      harness.start(sandbox, shell('debug', 'true', { targetContainer: 'main' })),
    ).rejects.toMatchObject({
      reason: 'CreateContainerError',
      message: 'target container main is not running',
    });
  });
});
