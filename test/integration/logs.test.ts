import { Agent, type Dispatcher, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { openStage, type Stage } from '../support/stage.ts';

let stage: Stage;
let dispatcher: Agent;

const lines = Array.from({ length: 5 }, (_, index) => `line ${index}`);

beforeAll(async () => {
  stage = await openStage();
  const node = await stage.startNode();
  await node.registered;
  dispatcher = new Agent({ connect: { ca: stage.api.cluster.caPem } });
  await stage.pod('talker', { script: { containers: { main: { logs: [...lines, { stderr: 'oops' }] } } } });
  await stage.pod('ended', {
    spec: { restartPolicy: 'Never' },
    script: { containers: { main: { logs: ['the end'], exits: [{ code: 0 }] } } },
  });
  await stage.pod('again', {
    script: {
      containers: { main: { logs: ['a run'], exits: [{ code: 1 }, { code: 0, afterMs: 600_000 }] } },
    },
  });
  await stage.pod('pair', {
    spec: {
      containers: [
        { name: 'main', image: 'i' },
        { name: 'side', image: 'i' },
      ],
    },
  });
  await Promise.all([
    ...['talker', 'again', 'pair'].map((name) => stage.reaches(name, 'Running')),
    stage.reaches('ended', 'Succeeded'),
  ]);
  await eventually(
    async () => ((await stage.read('again'))?.status?.containerStatuses?.[0]?.restartCount ?? 0) > 0,
  );
});

afterAll(async () => {
  for (const name of ['talker', 'ended', 'again', 'pair', 'ticker']) await stage.remove(name, 0);
  await dispatcher.destroy();
  await stage.close();
});

function open(pod: string, query: string): Promise<Dispatcher.ResponseData> {
  const { url, token } = stage.api.cluster;
  const path = `/api/v1/namespaces/default/pods/${pod}/log?${query}`;
  return request(`${url}${path}`, { dispatcher, headers: { authorization: `Bearer ${token}` } });
}

/** As kubectl logs reads them: through the API server from the node. */
async function logs(pod: string, query = ''): Promise<string> {
  const { statusCode, body } = await open(pod, query);
  const text = await body.text();
  return statusCode === 200 ? text : `${statusCode} ${(JSON.parse(text) as { message: string }).message}`;
}

describe('logs through the API server', () => {
  it('are those of the container, whole or in part', async () => {
    const all = [...lines, 'oops'].map((line) => `${line}\n`).join('');
    expect(await logs('talker')).toBe(all);
    expect(await logs('talker', 'tailLines=2')).toBe('line 4\noops\n');
    expect(await logs('talker', 'tailLines=0')).toBe('');
    expect(await logs('talker', 'limitBytes=9')).toBe('line 0\nli');
    expect(await logs('talker', 'sinceSeconds=3600')).toBe(all);
    const future = new Date(Date.now() + 60_000).toISOString();
    expect(await logs('talker', `sinceTime=${encodeURIComponent(future)}`)).toBe('');
    expect(await logs('ended')).toBe('the end\n');
    expect(await logs('pair', 'container=side')).toBe('started\n');
  });

  it('have their times', async () => {
    expect(await logs('talker', 'timestamps=true&tailLines=1')).toMatch(
      /^\d{4}-\d\d-\d\dT[\d:]+\.\d{9}Z oops\n$/,
    );
  });

  it('of the run before can be had', async () => {
    expect(await logs('again', 'previous=true')).toBe('a run\n');
    expect(await logs('talker', 'previous=true')).toBe(
      '400 previous terminated container "main" in pod "talker" not found',
    );
  });

  it('that are followed come as they are written, and end with the container', async () => {
    const uid = await stage.pod('ticker', {
      spec: { restartPolicy: 'Never' },
      script: { containers: { main: { logs: ['one', 'two', 'three'], logEveryMs: 100 } } },
    });
    await stage.reaches('ticker', 'Running');
    const { body } = await open('ticker', 'follow=true');
    let text = '';
    for await (const chunk of body) {
      text += String(chunk);
      if (text.includes('two')) stage.cloud.exit(uid, 'main', 0);
    }
    expect(text).toMatch(/^one\ntwo\n/);
    await stage.reaches('ticker', 'Succeeded');
  });

  it('that nobody reads any more cost nothing', async () => {
    const { body } = await open('talker', 'follow=true');
    body.on('error', () => undefined);
    const watched = (): number => stage.cloud.front.calls.filter(({ kind }) => kind === 'logs').length;
    await eventually(() => watched() > 0);
    body.destroy();
    expect(await logs('talker', 'tailLines=1')).toBe('oops\n');
  });

  it('that are not there say why', async () => {
    stage.faults.next('create', { kind: 'hang' });
    await stage.pod('slow');
    await eventually(
      async () => (await stage.read('slow'))?.status?.containerStatuses?.[0]?.state?.waiting !== undefined,
    );
    expect(await logs('slow')).toBe(
      '400 container "main" in pod "slow" is waiting to start: ContainerCreating',
    );
    expect(await logs('nobody')).toBe('404 pods "nobody" not found');
    expect(await logs('pair')).toBe(
      '400 a container name must be specified for pod pair, choose one of: [main side]',
    );
    expect(await logs('pair', 'container=third')).toBe('400 container third is not valid for pod pair');
    expect(await logs('talker', 'tailLines=-1')).toContain('tailLines: Invalid value');
    await stage.remove('slow', 0);
  });
});
