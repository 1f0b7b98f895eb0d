import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../test/support/eventually.ts';
import { ConfigError, type Settings, type TlsSettings } from '../../config/settings.ts';
import { type CertificateAuthority, createAuthority } from '../../devcluster/authority.ts';
import type { KubeClient } from '../../kube/client.ts';
import { StatusError } from '../../kube/errors.ts';
import type { ServingCertificate } from '../../node/serving-certificate.ts';
import { FakeClock } from '../../telemetry/fake-clock.ts';
import { silentLog } from '../../telemetry/log.ts';
import { createMetrics } from '../../telemetry/metrics.ts';
import { readClientCa } from './client-ca.ts';
import { servingCertificates } from './serving-certificates.ts';

let folder = '';
let authority: CertificateAuthority;
let clock: FakeClock;
let ending: AbortController;
/** Of the ConfigMap; undefined = it may not be read. */
let published: string | undefined;
const names: { cert: string; key: string; ca: string } = { cert: '', key: '', ca: '' };

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'burstlet-tls-'));
  Object.assign(names, {
    cert: path.join(folder, 'a.pem'),
    key: path.join(folder, 'a.key'),
    ca: path.join(folder, 'ca.pem'),
  });
  clock = new FakeClock(Date.now());
  ending = new AbortController();
  authority = await createAuthority(() => Date.now());
  published = undefined;
});
afterEach(async () => {
  ending.abort();
  await rm(folder, { recursive: true });
});

const client = {
  async get() {
    if (published !== undefined) return { data: { 'client-ca-file': published } };
    throw new StatusError({ call: 'get', code: 403, reason: 'Forbidden', message: 'no' });
  },
} as unknown as KubeClient;

/** Files are read in real time: half minutes pass until so many were used. */
async function passUntil(used: readonly unknown[], count: number): Promise<void> {
  await eventually(async () => {
    await clock.advance(30_000);
    return used.length >= count;
  });
}

function settingsOf(tls: TlsSettings): Settings {
  const rest = { logLevel: 'info', dns: {}, scheduler: true } as const;
  return { file: 'b.yaml', stateDir: folder, tls, nodes: [], ...rest };
}

function open(tls: TlsSettings) {
  const node = {
    ...{ name: 'burst-0', provider: 'mock', options: {}, listen: { host: '127.0.0.1', port: 0 } },
    ...{ taint: true, labels: {}, capacity: {} },
  };
  const deps = { clock, random: () => 0.5, log: silentLog, client, metrics: createMetrics() };
  return servingCertificates(settingsOf(tls), node, deps, ['10.0.0.5'], () => undefined, ending.signal);
}

async function put(): Promise<ServingCertificate> {
  const { certPem, keyPem } = await authority.issue({ commonName: 'node', ips: ['10.0.0.5'] });
  await writeFile(names.cert, certPem);
  await writeFile(names.key, keyPem);
  return { cert: certPem, key: keyPem };
}

describe('a certificate in files', () => {
  it('is read again, and a pair that does not fit is left until it does', async () => {
    const first = await put();
    const source = await open({ certFile: names.cert, keyFile: names.key });
    expect(source).toMatchObject({ first, isPending: false });
    const used: unknown[] = [];
    void source.follow((next) => used.push(next), ending.signal);
    const second = await put();
    await writeFile(names.key, first.key);
    for (let times = 0; times < 3; times++) await clock.advance(30_000);
    expect(used).toEqual([]);
    await writeFile(names.key, second.key);
    await passUntil(used, 1);
    expect(used).toEqual([second]);
  });

  it('that cannot be used is told of by its key', async () => {
    await put();
    await writeFile(names.key, 'none');
    const failure: unknown = await open({ certFile: names.cert, keyFile: names.key }).catch(String);
    expect(failure).toContain(`b.yaml: tls.certFile: ${names.cert} and its key cannot be used: `);
  });
});

describe('without a certificate', () => {
  it('one is made, for the addresses and the name', async () => {
    const { first } = await open({});
    const { subjectAltName } = new X509Certificate(first?.cert ?? '');
    expect(subjectAltName).toBe('IP Address:10.0.0.5, DNS:burst-0');
  });

  it('of the cluster nothing is served where nothing else may be', async () => {
    expect((await open({ serverTLSBootstrap: true, selfSigned: false })).first).toBeUndefined();
    expect((await open({ serverTLSBootstrap: true })).first).toBeDefined();
  });
});

describe('the client CA', () => {
  const deps = () => ({ clock, random: () => 0.5, log: silentLog, client });

  it('in a file is read again', async () => {
    await writeFile(names.ca, authority.caPem);
    const source = await readClientCa(settingsOf({ clientCaFile: names.ca }), deps(), ending.signal);
    expect(source.first).toBe(authority.caPem);
    const used: unknown[] = [];
    void source.follow((next) => used.push(next), ending.signal);
    await writeFile(names.ca, 'half of a fi');
    await clock.advance(30_000);
    const other = (await createAuthority(() => Date.now())).caPem;
    await writeFile(names.ca, other);
    await passUntil(used, 1);
    expect(used).toEqual([other]);
  });

  it('in a file that is none is told of', async () => {
    await writeFile(names.ca, 'soon');
    const reading = readClientCa(settingsOf({ clientCaFile: names.ca }), deps(), ending.signal);
    const failure: unknown = await reading.catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ConfigError);
    expect(String(failure)).toContain(`b.yaml: tls.clientCaFile: ${names.ca} cannot be used`);
  });

  it('of the cluster is looked for again, and holds while it may not be read', async () => {
    const source = await readClientCa(settingsOf({}), deps(), ending.signal);
    expect(source.first).toBeUndefined();
    const used: unknown[] = [];
    void source.follow((next) => used.push(next), ending.signal);
    for (const next of ['one', undefined, 'one', 'two']) {
      published = next;
      await clock.advance(300_000);
    }
    expect(used).toEqual(['one', 'two']);
  });
});
