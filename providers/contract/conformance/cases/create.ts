import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import type { Instance } from '../../instance.ts';
import { instanceToken } from '../../ownership.ts';
import type { CaseDefinition } from '../case.ts';
import { assertTime, containerOf, exitOf } from '../look.ts';

export const createCases: readonly CaseDefinition[] = [
  {
    name: 'create answers with an accepted instance and its owner',
    async act(stage) {
      const spec = stage.spec({ containers: { main: {} } });
      const created = await stage.create(spec);
      assert.ok(created.ref.id, 'the instance has no id');
      assert.equal(created.ref.podUid, spec.owner.podUid);
      assert.deepEqual(created.owner, spec.owner);
      assertTime(created.createdAt, 'createdAt');
      assert.notEqual(created.phase, 'Stopping');
      const [listed] = await stage.listed(spec.owner.podUid);
      assert.ok(listed, 'an instance that create answered with is not listed');
      assert.deepEqual(listed.owner, spec.owner, 'the list gives another owner');
      assert.equal(listed.createdAt, created.createdAt, 'createdAt changed');
      return undefined;
    },
  },
  {
    name: 'create with the same token gives the same instance, one after the other',
    async act(stage) {
      const spec = stage.spec({ containers: { main: {} } });
      const first = await stage.create(spec);
      const second = await stage.create(spec);
      await stage.start(spec);
      const third = await stage.create(spec);
      assert.deepEqual([second.ref, third.ref], [first.ref, first.ref]);
      assert.equal((await stage.listed(spec.owner.podUid)).length, 1, 'a second instance came to be');
      return undefined;
    },
  },
  {
    name: 'create with the same token gives the same instance, all at once',
    async act(stage) {
      const spec = stage.spec({ containers: { main: {} } });
      const created = await Promise.all(Array.from({ length: 5 }, () => stage.create(spec)));
      assert.equal(new Set(created.map(({ ref }) => ref.id)).size, 1, 'five calls made several instances');
      assert.equal((await stage.listed(spec.owner.podUid)).length, 1, 'a second instance came to be');
      return undefined;
    },
  },
  {
    name: 'create with a signal that has fired rejects and creates nothing',
    async act(stage) {
      const spec = stage.spec({ containers: { main: {} } });
      await assert.rejects(
        stage.call('create', (provider) =>
          provider.create(spec, instanceToken(spec.owner), AbortSignal.abort()),
        ),
        'create resolved',
      );
      assert.deepEqual(await stage.listed(spec.owner.podUid), []);
      return undefined;
    },
  },
  {
    name: 'a running instance has an address and its containers in the order of the spec',
    async act(stage) {
      const spec = stage.spec({ containers: { zebra: {}, ant: {} } });
      const instance = await stage.start(spec);
      assert.equal(instance.phase, 'Running');
      assert.ok(instance.ips.length > 0, 'no address');
      for (const ip of instance.ips) assert.ok(isIP(ip), `${ip} is no address`);
      assert.deepEqual(
        instance.containers.map(({ name, kind }) => `${kind} ${name}`),
        ['regular zebra', 'regular ant'],
      );
      for (const container of instance.containers) {
        assert.ok(container.started && container.ready, 'without probes a running container is ready');
        assert.equal(container.restartCount, 0);
        assert.ok(
          container.id && !container.id.includes('://'),
          `${container.id} is not a bare container ID`,
        );
        if (container.state.kind === 'running') assertTime(container.state.startedAt, 'startedAt');
      }
      return undefined;
    },
  },
  {
    name: 'IDs of instances and containers are unique',
    async act(stage) {
      const specs = Array.from({ length: 3 }, () => stage.spec({ containers: { one: {}, two: {} } }));
      const running = await Promise.all(specs.map((spec) => stage.start(spec)));
      assert.equal(new Set(running.map(({ ref }) => ref.id)).size, 3);
      const ids = running.flatMap(({ containers }) => containers.map(({ id }) => id));
      assert.equal(new Set(ids).size, 6, `container IDs repeat: ${ids.join(', ')}`);
      return undefined;
    },
  },
  {
    name: 'the same name again, under another UID, is another instance',
    async act(stage) {
      const specs = [0, 1].map(() => stage.spec({ name: 'web-0', containers: { main: {} } }));
      const [old, young] = await Promise.all(specs.map((spec) => stage.start(spec)));
      assert.ok(old && young);
      assert.notEqual(old.ref.id, young.ref.id);
      await stage.delete(old.ref);
      assert.deepEqual(
        (await stage.list()).map(({ ref }) => ref),
        [young.ref],
      );
      return undefined;
    },
  },
  {
    name: 'exit codes are exact',
    async act(stage) {
      const codes = [0, 3];
      const ended = await Promise.all(
        codes.map((code) => stage.run(stage.spec({ containers: { main: { exit: { code } } } }))),
      );
      assert.deepEqual(
        ended.map((instance) => exitOf(instance, 'main').exitCode),
        codes,
      );
      for (const instance of ended) assertEnded(instance);
      assert.deepEqual(
        ended.map((instance) => exitOf(instance, 'main').reason),
        ['Completed', 'Error'],
      );
      return undefined;
    },
  },
  {
    name: 'an instance stops when its last container has ended, not before',
    async act(stage) {
      const spec = stage.spec({ containers: { short: { exit: { code: 0 } }, long: {} } });
      const { ref } = await stage.create(spec);
      const seconds = stage.patience.start + stage.patience.end;
      const half = await stage.observation.until(
        ref,
        'has one container ended',
        seconds,
        ({ containers }) =>
          containers.some(({ name, state }) => name === 'short' && state.kind === 'terminated') &&
          containers.some(({ name, state }) => name === 'long' && state.kind === 'running'),
      );
      assert.equal(half.phase, 'Running');
      return undefined;
    },
  },
  {
    name: 'a container that fails is restarted when the policy says so',
    async act(stage) {
      const spec = stage.spec({
        restartPolicy: 'OnFailure',
        containers: { main: { exit: { code: 1, afterSeconds: 1 } } },
      });
      const { ref } = await stage.create(spec);
      const again = await stage.observation.until(
        ref,
        'has been restarted',
        stage.patience.start + stage.patience.end,
        (instance) =>
          instance.containers.some(({ restartCount, state }) => restartCount > 0 && state.kind === 'running'),
      );
      const { lastState, id } = containerOf(again, 'main');
      assert.equal(lastState?.exitCode, 1, 'the run before is not in lastState');
      assert.notEqual(lastState.containerId, id, 'a new run needs a new container ID');
      return undefined;
    },
  },
  {
    name: 'init containers run one by one before the others',
    async act(stage) {
      const refusal = refusedFeature(stage.provider.capabilities().features['spec.initContainers']);
      if (refusal) return refusal;
      const spec = stage.spec({
        initContainers: { first: { exit: { code: 0 } }, second: { exit: { code: 0 } } },
        containers: { main: { exit: { code: 0 } } },
      });
      const ended = await stage.run(spec);
      assert.deepEqual(
        ended.containers.map(({ name, kind }) => `${kind} ${name}`),
        ['init first', 'init second', 'regular main'],
      );
      const [first, second, main] = ['first', 'second', 'main'].map((name) => exitOf(ended, name));
      assert.ok(first && second && main);
      assert.ok(first.finishedAt <= second.startedAt, 'the second began before the first had ended');
      assert.ok(
        second.finishedAt <= main.startedAt,
        'the container began before the init containers had ended',
      );
      return undefined;
    },
  },
  {
    name: 'a failed init container keeps the others from starting',
    async act(stage) {
      const refusal = refusedFeature(stage.provider.capabilities().features['spec.initContainers']);
      if (refusal) return refusal;
      const spec = stage.spec({ initContainers: { first: { exit: { code: 4 } } }, containers: { main: {} } });
      const ended = await stage.run(spec);
      assert.equal(exitOf(ended, 'first').exitCode, 4);
      const main = ended.containers.find(({ name }) => name === 'main');
      assert.ok(main === undefined || main.id === '', 'the container was started all the same');
      return undefined;
    },
  },
];

function assertEnded(instance: Instance): void {
  const { startedAt, finishedAt, containerId } = exitOf(instance, 'main');
  assertTime(startedAt, 'startedAt');
  assertTime(finishedAt, 'finishedAt');
  assert.ok(startedAt <= finishedAt, `it ended (${finishedAt}) before it began (${startedAt})`);
  assert.equal(containerId, containerOf(instance, 'main').id);
  assert.equal(containerOf(instance, 'main').ready, false, 'a container that ended is ready');
  assert.equal(instance.stopCause, undefined, 'containers that end by themselves are no stopCause');
}

function refusedFeature(decision: { readonly support: string; readonly why?: string }): string | undefined {
  return decision.support === 'refused' ? `refused by the provider: ${decision.why}` : undefined;
}
