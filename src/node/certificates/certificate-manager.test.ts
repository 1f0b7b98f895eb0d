import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, readlink, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../../../test/support/eventually.ts';
import { FakeClock } from '../../telemetry/fake-clock.ts';
import { silentLog } from '../../telemetry/log.ts';
import type { ServingCertificate } from '../serving-certificate.ts';
import { CertificateManager } from './certificate-manager.ts';
import { CertificateStore } from './certificate-store.ts';
import { FakeSigner } from './testing/fake-signer.ts';

const hourMs = 3_600_000;
const files = { folder: '', prefix: 'kubelet-server' };
let clock: FakeClock;
let signer: FakeSigner;
let ending: AbortController;
let told: string[];
let outcomes: string[];
let used: ServingCertificate[];
let random = 0;

beforeEach(async () => {
  files.folder = path.join(await mkdtemp(path.join(tmpdir(), 'burstlet-pki-')), 'pki');
  clock = new FakeClock(Math.floor(Date.now() / 1000) * 1000);
  signer = new FakeSigner(clock);
  ending = new AbortController();
  [told, outcomes, used, random] = [[], [], [], 0];
});
afterEach(async () => {
  ending.abort();
  await rm(path.dirname(files.folder), { recursive: true });
});

function managerOf(hosts: readonly string[] = ['10.0.0.5']): CertificateManager {
  return new CertificateManager({
    ...{ clock, log: silentLog, client: signer.client, store: new CertificateStore(files) },
    random: () => random,
    wish: { usage: 'server', nodeName: 'burst-0', hosts },
    tell: (...entry) => told.push(entry.join(' ')),
    onOutcome: (outcome) => outcomes.push(outcome),
  });
}

/** A manager at work. */
function start(hosts?: readonly string[]): {
  readonly manager: CertificateManager;
  readonly run: Promise<void>;
} {
  const manager = managerOf(hosts);
  const run = manager.load().then(() => manager.run((certificate) => used.push(certificate), ending.signal));
  return { manager, run };
}

/** The name of the n-th request, once it is made and watched. */
const requested = (nth: number): Promise<string> => eventually(async () => signer.made[nth - 1]);
const taken = (count: number): Promise<boolean> => eventually(async () => used.length === count);
const current = (): string => path.join(files.folder, 'kubelet-server-current.pem');

test('a certificate that was signed is used, and kept for the owner alone', async () => {
  const { manager } = start();
  await signer.sign(await requested(1), hourMs);
  await taken(1);
  const [certificate] = used;
  expect(new X509Certificate(certificate?.cert ?? '').subject).toBe('O=system:nodes\nCN=system:node:burst-0');
  expect(await readFile(current(), 'utf8')).toBe(`${certificate?.cert}${certificate?.key}`);
  expect((await stat(current())).mode & 0o777).toBe(0o600);
  expect((await stat(files.folder)).mode & 0o777).toBe(0o700);
  expect((await readdir(files.folder)).toSorted()).toEqual([
    await readlink(current()),
    path.basename(current()),
  ]);
  expect(manager).toMatchObject({ isPending: false, current: certificate });
  expect({ told, outcomes }).toEqual({ told: [], outcomes: ['issued'] });
});

describe('after a restart', () => {
  test('the certificate is there, and nothing is asked', async () => {
    const { run } = start();
    await signer.sign(await requested(1), hourMs);
    await taken(1);
    ending.abort();
    await run;
    expect(await managerOf().load()).toEqual(used[0]);
    expect(signer.made.length).toBe(1);
  });

  test('a request that waits is found again, with its key', async () => {
    const { run } = start();
    const name = await requested(1);
    ending.abort();
    await run;
    ending = new AbortController();
    start();
    await signer.sign(name, hourMs);
    await taken(1);
    expect(signer.made).toEqual([name]);
  });

  test('a certificate for other addresses, or one that has ended, is of no use', async () => {
    const { run } = start();
    await signer.sign(await requested(1), hourMs);
    await taken(1);
    ending.abort();
    await run;
    expect(await managerOf(['10.0.0.6']).load()).toBeUndefined();
    await clock.advance(hourMs);
    expect(await managerOf().load()).toBeUndefined();
  });
});

describe('renewal', () => {
  test.each([
    [0, 0.7],
    [0.999_999, 0.9],
  ])('with the luck of %d it begins after %d of the life, with a new key', async (luck, part) => {
    random = luck;
    start();
    await signer.sign(await requested(1), 1_000_000);
    await taken(1);
    const first = await readlink(current());
    await clock.advance(part * 1_000_000 - 1_000);
    expect(signer.made.length).toBe(1);
    await clock.advance(1_000);
    const second = await requested(2);
    // Until then the old one holds.
    expect(await readlink(current())).toBe(first);
    await signer.sign(second, 1_000_000);
    await taken(2);
    expect(used[1]?.key).not.toBe(used[0]?.key);
    expect(await readdir(files.folder)).not.toContain(first);
  });

  test('is not tried without a rest where certificates end at once', async () => {
    start();
    await signer.sign(await requested(1), 1_000);
    await taken(1);
    await clock.advance(59_000);
    expect(signer.made.length).toBe(1);
    await clock.advance(1_000);
    await requested(2);
  });
});

describe('a request that is', () => {
  test('not approved is told of after half a minute, and every hour', async () => {
    const { manager } = start();
    const name = await requested(1);
    await eventually(async () => manager.isPending);
    await clock.advance(29_999);
    expect(told).toEqual([]);
    await clock.advance(1);
    const message = `Warning CertificatePending the server certificate of the node waits for approval: kubectl certificate approve ${name}`;
    expect(told).toEqual([message]);
    await clock.advance(hourMs);
    expect(told).toEqual([message, message]);
    await signer.sign(name, hourMs);
    await taken(1);
    expect(manager.isPending).toBe(false);
    await clock.advance(600_000);
    expect(told.length).toBe(2);
  });

  test('approved, but not signed yet, is waited for', async () => {
    start();
    const name = await requested(1);
    signer.conclude(name, 'Approved');
    await signer.sign(name, hourMs);
    await taken(1);
    expect(signer.made).toEqual([name]);
  });

  test.each([
    ['Denied', 'CertificateDenied', 'was denied'],
    ['Failed', 'CertificateFailed', 'failed'],
  ] as const)('%s is told of, and another is made later, with another key', async (type, reason, what) => {
    const { manager } = start();
    const name = await requested(1);
    await eventually(async () => manager.isPending);
    signer.conclude(name, type, 'not you');
    await eventually(async () => told.length > 0);
    expect(told).toEqual([
      `Warning ${reason} the request for the server certificate of the node ${what}: Test: not you`,
    ]);
    expect(outcomes).toEqual([type.toLowerCase()]);
    await eventually(async () => !(await readdir(files.folder)).includes('kubelet-server-pending.key'));
    await clock.advance(149_999);
    expect(signer.made.length).toBe(1);
    await clock.advance(150_001);
    expect(await requested(2)).not.toBe(name);
  });

  test('removed is made again', async () => {
    const { manager } = start();
    const name = await requested(1);
    await eventually(async () => manager.isPending);
    signer.remove(name);
    await eventually(async () => {
      await clock.advance(1_000);
      return signer.made.length === 2;
    });
    expect(told).toEqual([]);
  });

  test('answered with a certificate for another key has failed', async () => {
    start();
    const name = await requested(1);
    await signer.sign(name, hourMs, true);
    await eventually(async () => outcomes.length > 0);
    expect({ outcomes, used }).toEqual({ outcomes: ['failed'], used: [] });
    await eventually(async () => !(await readdir(files.folder)).includes('kubelet-server-pending.key'));
    await clock.advance(300_000);
    expect(await requested(2)).not.toBe(name);
  });
});

test('an API server that is away is asked again', async () => {
  signer.trouble = new Error('connection refused');
  start();
  await clock.advance(10_000);
  expect(signer.made).toEqual([]);
  signer.trouble = undefined;
  await eventually(async () => {
    await clock.advance(1_000);
    return signer.made.length === 1;
  });
  const [name = ''] = signer.made;
  await signer.sign(name, hourMs);
  await taken(1);
});
