import net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ContainerRuntime, ProbeAction } from '../../../providers/contract/index.ts';
import { FakeClock } from '../../telemetry/fake-clock.ts';
import { probeOf } from '../testing/specs.ts';
import { runHook, runProbe } from './checker.ts';

const target = { sandboxId: 's', containerId: 'c', address: '127.0.0.1' };
const never = new AbortController().signal;

/** Takes connections and says nothing. */
const silent = net.createServer((socket) => socket.on('error', () => {}));
let port = 0;
beforeAll(
  () =>
    new Promise<void>((resolve) => {
      silent.listen(0, '127.0.0.1', () => {
        const address = silent.address();
        port = typeof address === 'object' && address !== null ? address.port : 0;
        resolve();
      });
    }),
);
afterAll(() => {
  silent.close();
});

function deps(code: number | 'never' | Error = 0) {
  const clock = new FakeClock();
  const exec: ContainerRuntime['exec'] = async (_sandbox, _container, _request, { stdout }, signal) => {
    if (code instanceof Error) throw code;
    stdout?.write('out');
    if (code !== 'never') return code;
    return new Promise((_resolve, reject) => signal.addEventListener('abort', reject));
  };
  return { clock, runtime: { exec } };
}

const execAction: ProbeAction = { kind: 'exec', command: ['true'] };

describe('runProbe', () => {
  it.each([
    [0, 'success', ''],
    [2, 'failure', 'command exited with 2: out'],
    ['never', 'failure', 'command timed out after 1 s'],
    [new Error('no runtime'), 'error', 'no runtime'],
  ] as const)('exec: %o', async (code, result, message) => {
    const made = deps(code);
    const outcome = runProbe(made, target, probeOf(execAction), never);
    await made.clock.advance(1_000);
    expect(await outcome).toEqual({ result, message });
  });

  it('tcp asks for a connection only', async () => {
    expect(await runProbe(deps(), target, probeOf({ kind: 'tcp', port }), never)).toMatchObject({
      result: 'success',
    });
    expect(await runProbe(deps(), target, probeOf({ kind: 'tcp', port: 1 }), never)).toMatchObject({
      result: 'failure',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it.each(['http', 'grpc'] as const)('%s gives up after the time-out', async (kind) => {
    const action: ProbeAction =
      kind === 'http' ? { kind, scheme: 'HTTP', port, path: '/', headers: [] } : { kind, port, service: '' };
    const made = deps();
    const outcome = runProbe(made, target, probeOf(action, { timeoutSeconds: 3 }), never);
    await made.clock.advance(2_999);
    expect(made.clock.pending).toBe(1);
    await made.clock.advance(1);
    expect(await outcome).toEqual({ result: 'failure', message: 'no answer within 3 s' });
  });

  it('fails without an address, and rejects when it is called off', async () => {
    const action: ProbeAction = { kind: 'tcp', port };
    expect(await runProbe(deps(), { ...target, address: undefined }, probeOf(action), never)).toEqual({
      result: 'failure',
      message: 'the instance has no address yet',
    });
    await expect(runProbe(deps(), target, probeOf(execAction), AbortSignal.abort())).rejects.toThrow();
  });
});

describe('runHook', () => {
  it('sleeps no longer than it may', async () => {
    const made = deps();
    let done = false;
    void runHook(made, target, { kind: 'sleep', seconds: 60 }, 5_000, never).then(() => {
      done = true;
    });
    await made.clock.advance(4_999);
    expect(done).toBe(false);
    await made.clock.advance(1);
    expect(done).toBe(true);
  });

  it('rejects with what the command did', async () => {
    const hook = { kind: 'exec', command: ['false'] } as const;
    await expect(runHook(deps(1), target, hook, 1000, never)).rejects.toThrow('exited with 1: out');
  });
});
