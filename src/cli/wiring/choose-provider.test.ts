import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { FakeEngine } from '../../../providers/docker/testing/fake-engine.ts';
import { ConfigError } from '../../config/settings.ts';
import type { Clock } from '../../telemetry/clock.ts';
import { FakeClock } from '../../telemetry/fake-clock.ts';
import { silentLog } from '../../telemetry/log.ts';
import { type ChosenProvider, chooseProvider, runtimeImage, type Wish } from './choose-provider.ts';

type Answers = Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => void>>;

const json =
  (value: unknown, status = 200) =>
  (_: IncomingMessage, response: ServerResponse) =>
    void response.writeHead(status).end(JSON.stringify(value));
const silent = (): void => undefined;
const version = { ApiVersion: '1.41', Os: 'linux', Arch: 'amd64', Version: '20.10.24' };
const docker = {
  'GET /version': json(version),
  'GET /v1.41/info': json({ NCPU: 1, MemTotal: 1, OSType: 'linux', OperatingSystem: 'Debian' }),
};
const absent = { ...docker, 'GET /v1.41/images/': json({ message: 'No such image' }, 404) };

const engines: FakeEngine[] = [];
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
});

async function engineOf(answers: Answers): Promise<FakeEngine> {
  const engine = await FakeEngine.listen((request, response) => {
    const line = `${request.method} ${request.url}`;
    const [, answer = json({ message: line }, 500)] =
      Object.entries(answers).find(([start]) => line.startsWith(start)) ?? [];
    answer(request, response);
  });
  engines.push(engine);
  return engine;
}

/** More than an engine gets for its first word. */
const patienceMs = 2_000;
const said: string[] = [];

function choose(
  host: string,
  wish: Partial<Wish> = {},
  clock: Clock = new FakeClock(),
  signal = new AbortController().signal,
): Promise<ChosenProvider> {
  said.length = 0;
  return chooseProvider(
    { needsImage: true, ...wish },
    {
      environment: { DOCKER_HOST: host },
      clock,
      random: () => 0.5,
      log: silentLog,
      say: (line) => said.push(line),
    },
    signal,
  );
}

describe('without a wish', () => {
  test('it is docker where the image is there; leaving takes the image of the sandboxes away', async () => {
    const engine = await engineOf({
      ...docker,
      'GET /v1.41/images/': json({ Id: 'i' }),
      'DELETE /v1.41/images/': json([]),
    });
    const host = `unix://${engine.socketPath}`;
    const { leave, ...choice } = await choose(host);
    expect(choice).toEqual({
      provider: 'docker',
      options: { host },
      image: runtimeImage,
      why: `engine 20.10.24 at ${host}, image ${runtimeImage} is there`,
    });
    await leave();
    expect(engine.requests.at(-1)).toBe('DELETE /v1.41/images/burstlet.dev%2Fsandbox%3A2');
  });

  test('leaving is quiet while somebody else uses that image', async () => {
    const inUse = { 'GET /v1.41/images/': json({ Id: 'i' }), 'DELETE /': json({ message: 'in use' }, 409) };
    const engine = await engineOf({ ...docker, ...inUse });
    const { leave } = await choose(`unix://${engine.socketPath}`);
    await expect(leave()).resolves.toBeUndefined();
  });

  test('it is docker where the image can be pulled', async () => {
    const pulled = { 'POST /v1.41/images/create': json({ status: 'Pulling from library/node' }) };
    const engine = await engineOf({ ...absent, ...pulled });
    const choice = await choose(`unix://${engine.socketPath}`);
    expect(choice).toMatchObject({ provider: 'docker', why: expect.stringMatching('was pulled') });
    expect(said).toEqual([`Pulling ${runtimeImage} ...`]);
    await choice.leave();
  });

  test.each<[string, Answers, RegExp]>([
    [
      'the image can be neither found nor pulled',
      { ...absent, 'POST /v1.41/images/create': json({ message: 'no such host' }, 500) },
      /^the engine 20\.10\.24 at .* has no image node:24-alpine and cannot pull it: no such host$/,
    ],
    [
      'the pull fails after it has begun',
      { ...absent, 'POST /v1.41/images/create': json({ error: 'no space left on device' }) },
      /cannot pull it: no space left on device$/,
    ],
    [
      'containers have no addresses here',
      { ...docker, 'GET /v1.41/info': json({ OSType: 'linux', OperatingSystem: 'Docker Desktop' }) },
      /cannot be reached at their addresses: it is Docker Desktop$/,
    ],
    [
      'the engine is rootless',
      { ...docker, 'GET /v1.41/info': json({ OSType: 'linux', SecurityOptions: ['name=rootless'] }) },
      /cannot be reached at their addresses: it is rootless$/,
    ],
  ])('it is process where %s', async (_, answers, why) => {
    const engine = await engineOf(answers);
    const choice = await choose(`unix://${engine.socketPath}`);
    expect(choice).toMatchObject({ provider: 'process', options: {}, why: expect.stringMatching(why) });
    expect(choice.image).toBeUndefined();
  });

  test.each([
    [
      'engine',
      { 'GET /version': silent },
      'GET /version',
      /^no Docker engine answers at .*: no answer in time$/,
    ],
    [
      'registry',
      { ...absent, 'POST /v1.41/images/create': silent },
      'POST /v1.41/images/create',
      /cannot pull it: no answer in time$/,
    ],
  ])('nobody waits for an %s that is silent', async (_, answers: Answers, last, why) => {
    const clock = new FakeClock();
    const engine = await engineOf({
      ...answers,
      // Its time is up when it has been asked.
      [last]: () => void clock.advance(patienceMs),
    });
    const choice = await choose(`unix://${engine.socketPath}`, {}, clock);
    expect(choice).toMatchObject({ provider: 'process', why: expect.stringMatching(why) });
  });

  test('it is process where no engine is, and where what is named is none', async () => {
    const nowhere = `unix://${path.join(tmpdir(), 'no-such-engine.sock')}`;
    expect((await choose(nowhere)).why).toBe(`no Docker engine answers at ${nowhere}`);
    expect((await choose('ssh://somewhere')).why).toMatch(/^DOCKER_HOST: ssh:\/\/somewhere: ssh:\/\/ is not/);
  });

  test('an interrupt ends the look', async () => {
    const interrupt = new AbortController();
    const engine = await engineOf({ 'GET /version': () => interrupt.abort() });
    await expect(
      choose(`unix://${engine.socketPath}`, {}, new FakeClock(), interrupt.signal),
    ).rejects.toThrow(/abort/i);
  });

  test('options say nothing without a provider', async () => {
    await expect(choose('', { options: { instances: 5 } })).rejects.toThrow(
      '--provider-options: options of which provider?',
    );
  });
});

describe('a provider that was named', () => {
  test('is taken as it is, and no engine is asked', async () => {
    expect(await choose('ssh://x', { provider: './mine.js', options: { a: 1 } })).toMatchObject({
      provider: './mine.js',
      options: { a: 1 },
      why: 'as --provider says',
    });
    const engine = await engineOf({});
    const host = `unix://${engine.socketPath}`;
    const choice = await choose('', { provider: 'docker', options: { host, gpus: 1 }, needsImage: false });
    expect(choice).toMatchObject({ provider: 'docker', options: { host, gpus: 1 } });
    expect(engine.requests).toEqual([]);
  });

  test('is not exchanged for another when its engine cannot do what is needed', async () => {
    const failing = choose('unix:///no-such-engine.sock', { provider: 'docker' });
    await expect(failing).rejects.toThrow(ConfigError);
    await expect(failing).rejects.toThrow('--provider docker: no Docker engine answers at unix:///no-such');
  });
});
