import { describe, expect, test } from 'vitest';
import type { ContainerStatus, Pod } from '../../kube/types.ts';
import { parseLogOptions } from './log-options.ts';
import { logTarget } from './log-target.ts';
import { LogWriter } from './log-writer.ts';

const now = Date.parse('2026-01-01T00:01:00Z');
const options = (query: string) => parseLogOptions(new URLSearchParams(query), now);

describe('the query of /containerLogs', () => {
  test.each([
    ['', { query: { follow: false, previous: false }, timestamps: false }],
    [
      'follow=true&timestamps=1&tailLines=0',
      { query: { follow: true, previous: false, tailLines: 0 }, timestamps: true },
    ],
    [
      'sinceSeconds=60',
      { query: { follow: false, previous: false, sinceTime: '2026-01-01T00:00:00.000Z' }, timestamps: false },
    ],
    [
      'tail=all&limitBytes=10',
      { query: { follow: false, previous: false }, timestamps: false, limitBytes: 10 },
    ],
  ])('%s', (query, expected) => {
    expect(options(query)).toEqual(expected);
  });

  test.each([
    'tailLines=-1',
    'limitBytes=0',
    'sinceSeconds=0',
    'sinceSeconds=5&sinceTime=2026-01-01T00:00:00Z',
  ])('%s is invalid', (query) => {
    expect(options(query)).toEqual({ status: 422, text: '{"message": "Invalid request."}' });
  });

  test.each(['tailLines=x', 'follow=maybe', 'sinceTime=yesterday'])('%s cannot be decoded', (query) => {
    expect(options(query)).toMatchObject({ status: 400 });
  });
});

describe('which container has a log', () => {
  const pod = (status: Partial<ContainerStatus>): Pod => ({
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'c' }] },
    status: {
      containerStatuses: [{ name: 'c', image: '', imageID: '', ready: false, restartCount: 0, ...status }],
    },
  });
  const waiting = (reason: string) => ({ state: { waiting: { reason } } });
  const ended = { terminated: { exitCode: 1, containerID: 'mock://1' } };
  const text = (status: Partial<ContainerStatus>, previous = false): string => {
    const target = logTarget(pod(status), 'c', previous);
    return target.kind === 'run' ? 'run' : `${target.status} ${target.text}`;
  };

  test('in the words of the kubelet', () => {
    const subject = 'container "c" in pod "p"';
    expect(text({ state: { running: {} } })).toBe('run');
    expect(text({ state: ended })).toBe('run');
    expect(text({ ...waiting('CrashLoopBackOff'), lastState: ended })).toBe('run');
    expect(text({ state: { running: {} }, lastState: ended }, true)).toBe('run');
    expect(text({ state: { running: {} } }, true)).toBe(`400 previous terminated ${subject} not found`);
    expect(text(waiting('ContainerCreating'))).toBe(`400 ${subject} is waiting to start: ContainerCreating`);
    expect(text(waiting('ErrImagePull'))).toBe(`400 ${subject} is waiting to start: image can't be pulled`);
    expect(text(waiting('ImagePullBackOff'))).toBe(
      `400 ${subject} is waiting to start: trying and failing to pull image`,
    );
    expect(text({ state: { terminated: { exitCode: 1 } } })).toBe(`400 ${subject} is terminated`);
    expect(logTarget({ ...pod({}), status: {} }, 'c', false)).toMatchObject({
      status: 400,
      text: `${subject} is not available`,
    });
    expect(logTarget(pod({}), 'x', false)).toMatchObject({
      status: 404,
      text: 'container "x" not found in pod "p"',
    });
  });
});

describe('the bytes of the answer', () => {
  const entry = (text: string, partial = false) => ({
    time: '2026-01-01T00:00:00.000000001Z',
    stream: 'stdout' as const,
    data: Buffer.from(text),
    partial,
  });

  test('carry one stamp per line, not per part', () => {
    const writer = new LogWriter({ timestamps: true });
    const bytes = [entry('ab', true), entry('cd'), entry('ef')]
      .map((one) => writer.bytes(one).toString())
      .join('');
    expect(bytes).toBe('2026-01-01T00:00:00.000000001Z abcd\n2026-01-01T00:00:00.000000001Z ef\n');
  });

  test('end in the middle of a line when the limit is reached', () => {
    const writer = new LogWriter({ timestamps: false, limitBytes: 5 });
    expect(writer.bytes(entry('abc')).toString()).toBe('abc\n');
    expect(writer.full).toBe(false);
    expect(writer.bytes(entry('def')).toString()).toBe('d');
    expect(writer.full).toBe(true);
  });
});
