import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { ProviderError } from '../../errors.ts';
import type { InstanceSpec } from '../../instance-spec.ts';
import type { InstanceStats } from '../../provider.ts';
import type { CaseDefinition } from '../case.ts';
import { rejectsAs } from '../errors.ts';
import { containerOf } from '../look.ts';
import type { Stage } from '../stage.ts';

export const abilityCases: readonly CaseDefinition[] = [
  {
    name: 'stats measure what runs, and CPU time never falls',
    needs: 'stats',
    async act(stage) {
      const instance = await stage.start(stage.spec({ containers: { main: {} } }));
      const first = await measured(stage, instance.ref.podUid);
      const second = await measured(stage, instance.ref.podUid);
      assert.deepEqual(second.ref, instance.ref);
      const [before, after] = [first.containers[0], second.containers[0]];
      assert.ok(before && after, 'no container was measured');
      assert.equal(after.name, 'main');
      assert.equal(after.startedAt, before.startedAt, 'startedAt changed without a restart');
      assert.ok(after.cpuNanoSeconds >= before.cpuNanoSeconds, 'CPU time fell');
      const figures = [
        ...Object.entries(after),
        ...(second.network?.interfaces ?? []).flatMap(Object.entries),
      ];
      for (const [figure, value] of figures)
        if (typeof value === 'number')
          assert.ok(Number.isFinite(value) && value >= 0, `${figure} is ${value}, and cannot be`);
      assert.ok(after.time >= before.time, 'a later measurement is stamped earlier');
      return undefined;
    },
  },
  {
    name: 'update replaces files while the instance runs; NotFound when it is unknown',
    needs: 'update',
    async act(stage) {
      const plain = stage.spec({ containers: { main: {} } });
      const files = [{ path: 'key', content: Buffer.from('one'), mode: 0o644, secret: false }];
      const spec: InstanceSpec = {
        ...plain,
        volumes: [{ name: 'config', kind: 'files', files, refreshable: true }],
      };
      const { ref } = await stage.start(spec);
      const renewed = files.map((file) => ({ ...file, content: Buffer.from('two') }));
      const update = (id: string): Promise<void> =>
        stage.call('update', async (provider, signal) => {
          assert.ok(provider.update, 'the provider has no update');
          await provider.update({ ...ref, id }, 'config', renewed, signal);
        });
      await update(ref.id);
      await rejectsAs('NotFound', update('no-such-instance'));
      return undefined;
    },
  },
  {
    name: 'secrets appear in no snapshot, log message, error or tag',
    async act(stage) {
      const value = `secret-${randomUUID()}`;
      const spec = stage.spec({
        containers: { main: {} },
        env: [{ name: 'PASSWORD', value, secret: true }],
      });
      const withPassword: InstanceSpec = {
        ...spec,
        registryCredentials: [{ server: 'registry.example', username: 'burstlet', password: value }],
      };
      const { ref } = await stage.start(withPassword);
      const errors = await Promise.allSettled([
        stage.call('create', (provider) => provider.create(withPassword, 'x', AbortSignal.abort())),
        stage.stop({ ...ref, id: 'no-such-instance' }, 1),
      ]);
      const said = errors.map((outcome) => (outcome.status === 'rejected' ? whole(outcome.reason) : ''));
      const all = `${await stage.visible()}\n${said.join('\n')}`;
      assert.ok(!all.includes(value), 'the value of a secret can be read');
      const encoded = Buffer.from(value).toString('base64');
      assert.ok(!all.includes(encoded), 'the value of a secret can be read, in base64');
      return undefined;
    },
  },
  {
    name: 'a container keeps its image name, and has its ID from the start of its run',
    async act(stage) {
      const spec = stage.spec({ containers: { main: {} } });
      const running = await stage.start(spec);
      const [wanted] = spec.containers;
      assert.equal(containerOf(running, 'main').image, wanted?.image);
      const [listed] = await stage.listed(spec.owner.podUid);
      assert.ok(listed);
      assert.equal(containerOf(listed, 'main').id, containerOf(running, 'main').id);
      return undefined;
    },
  },
];

/** Measurements may take a while to appear. */
async function measured(stage: Stage, podUid: string): Promise<InstanceStats> {
  const deadline = performance.now() + stage.patience.end * 1000;
  for (;;) {
    const all = await stage.call('stats', async (provider, signal) => {
      assert.ok(provider.stats, 'the provider has no stats');
      return provider.stats(stage.scope, signal);
    });
    const one = all.find(({ ref }) => ref.podUid === podUid);
    if (one !== undefined && one.containers.length > 0) return one;
    assert.ok(performance.now() < deadline, 'stats never measured the running instance');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function whole(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const details = error instanceof ProviderError ? JSON.stringify(error) : '';
  return `${error.stack} ${details} ${error.cause === undefined ? '' : whole(error.cause)}`;
}
