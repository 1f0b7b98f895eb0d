import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FileSpec, Mount, VolumeSpec } from '../../providers/contract/index.ts';
import { testEngine } from './engine.ts';
import { forever, Harness, never, shell } from './harness.ts';

const engine = await testEngine();
afterAll(() => (typeof engine === 'string' ? undefined : engine.close()));

function mount(volume: string, mountPath: string, more: Partial<Mount> = {}): Mount {
  return { volume, mountPath, readOnly: false, ...more };
}

function file(path: string, text: string, mode = 0o644): FileSpec {
  return { path, content: Buffer.from(text), mode, secret: false };
}

describe.skipIf(typeof engine === 'string')('volumes of the engine', () => {
  let harness: Harness;
  let count = 0;

  beforeEach(() => {
    count += 1;
    harness = new Harness(`volumes-${process.pid}-${count}`);
  });
  afterEach(() => harness.end());

  const config: VolumeSpec = {
    name: 'config',
    kind: 'files',
    files: [file('key', 'one'), file('secret', 'hush', 0o400), file('sub/deep', 'two')],
    refreshable: true,
  };

  it('with files are read only, and an update reaches a running container', async () => {
    const sandbox = await harness.sandbox('files', { volumes: [config] });
    const script = 'cd /config; cat key sub/deep; echo; stat -Lc %a key secret; (echo x > key) 2>&1';
    const reader = shell('reader', script, { mounts: [mount('config', '/config')] });
    expect((await harness.output(sandbox, reader)).split('\n')).toEqual([
      'onetwo',
      '644',
      '400',
      expect.stringContaining('Read-only file system'),
    ]);
    const run = await harness.start(
      sandbox,
      shell('main', forever, {
        mounts: [mount('config', '/config'), mount('config', '/one/key', { subPath: 'key' })],
      }),
    );
    await harness.runtime.updateVolume?.(sandbox.id, 'config', [file('key', 'new')], never);
    const seen = await harness.exec(sandbox, run, ['sh', '-c', 'cat /config/key /one/key; ls /config']);
    expect(seen.output).toBe('newonekey\n');
  });

  it('without files are shared by the containers of a Pod, and live longer than each', async () => {
    const volumes: VolumeSpec[] = [
      { name: 'disk', kind: 'emptyDir', medium: '' },
      { name: 'memory', kind: 'emptyDir', medium: 'Memory', sizeLimitBytes: 2 ** 20 },
    ];
    const sandbox = await harness.sandbox('empty', { volumes });
    const mounts = [mount('disk', '/disk'), mount('memory', '/memory')];
    const asUser = { runAsUser: 1234 };
    const write = shell('write', 'echo d > /disk/d; echo m > /memory/m; stat -c %a /disk /memory', {
      mounts,
      securityContext: asUser,
    });
    expect(await harness.output(sandbox, write)).toBe('777\n1777');
    const read = shell(
      'read',
      'cat /disk/d /memory/m; grep -c "tmpfs /memory" /proc/mounts; dd if=/dev/zero of=/memory/big bs=1M count=2 2>&1 | grep -c "No space"',
      { mounts: [mount('disk', '/disk', { readOnly: true }), mount('memory', '/memory')] },
    );
    expect(await harness.output(sandbox, read)).toBe('d\nm\n1\n1');
    const second = await harness.start(
      sandbox,
      shell('read', 'echo x > /disk/x', { mounts: read.mounts }),
      1,
    );
    expect((await harness.exit(sandbox, second)).exitCode).toBe(1);
  });

  it('belong to the group of the Pod', async () => {
    const sandbox = await harness.sandbox('group', {
      volumes: [
        { name: 'disk', kind: 'emptyDir', medium: '' },
        { name: 'memory', kind: 'emptyDir', medium: 'Memory' },
        config,
      ],
      securityContext: { runAsUser: 1000, runAsGroup: 1000, fsGroup: 4567 },
    });
    const script =
      'touch /disk/f /memory/f; stat -c %g /disk/f /memory/f; stat -Lc "%g %a" /config/secret; cat /config/secret';
    const main = shell('main', script, {
      mounts: [mount('disk', '/disk'), mount('memory', '/memory'), mount('config', '/config')],
    });
    expect(await harness.output(sandbox, main)).toBe('4567\n4567\n4567 440\nhush');
  });

  it('can be mounted in part, but never what is outside of them', async () => {
    const sandbox = await harness.sandbox('parts', {
      volumes: [
        { name: 'disk', kind: 'emptyDir', medium: '' },
        { name: 'memory', kind: 'emptyDir', medium: 'Memory' },
      ],
    });
    const whole = [mount('disk', '/disk'), mount('memory', '/memory')];
    const parts = [mount('disk', '/d', { subPath: 'a/b' }), mount('memory', '/m', { subPath: 'c' })];
    await harness.output(sandbox, shell('one', 'echo x > /d/x; echo y > /m/y', { mounts: parts }));
    const look = shell('two', 'cat /disk/a/b/x /memory/c/y; ln -s / /disk/out', { mounts: whole });
    expect(await harness.output(sandbox, look)).toBe('x\ny');
    const outside = shell('three', 'ls /d', { mounts: [mount('disk', '/d', { subPath: 'out/etc' })] });
    await expect(harness.start(sandbox, outside)).rejects.toMatchObject({ kind: 'InvalidSpec' });
  });

  it('go with their sandbox', async () => {
    if (typeof engine === 'string') return;
    const sandbox = await harness.sandbox('going', {
      volumes: [{ name: 'memory', kind: 'emptyDir', medium: 'Memory' }],
    });
    const filters = { label: [`burstlet.dev/sandbox=${sandbox.id}`] };
    expect((await engine.volumes(filters, never)).Volumes).toHaveLength(1);
    await harness.start(sandbox, shell('main', forever, { mounts: [mount('memory', '/memory')] }));
    await harness.runtime.removeSandbox(sandbox.id, never);
    await harness.gone(sandbox);
    expect((await engine.volumes(filters, never)).Volumes ?? []).toEqual([]);
    expect(await engine.containers(filters, never)).toEqual([]);
    await harness.runtime.removeSandbox(sandbox.id, never);
  });
});
