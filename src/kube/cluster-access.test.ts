import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../telemetry/fake-clock.ts';
import { silentLog } from '../telemetry/log.ts';
import type { KubeClient } from './client.ts';
import { type ClusterAccessOptions, loadClusterAccess } from './cluster-access.ts';
import { nodes } from './resources.ts';
import { createKubeClient } from './rest-client.ts';
import { type Certificate, createTestCa } from './testing/certificates.ts';
import { sendJson, statusBody } from './testing/loopback.ts';

let folder: string;
let ca: string;
let client: Certificate;
let server: Server;
let address: string;
let accepts = 'Bearer good';
const seen: string[] = [];
const clients: KubeClient[] = [];
const clock = new FakeClock();

beforeAll(async () => {
  const authority = await createTestCa();
  ca = authority.cert;
  client = await authority.issue('me');
  const own = await authority.issue('kube.test');
  server = createServer({ ...own, ca, requestCert: true, rejectUnauthorized: false }, (request, response) => {
    const peer = request.socket as TLSSocket;
    const name = peer.authorized ? String(peer.getPeerCertificate().subject.CN) : 'nobody';
    seen.push(`${name} ${request.headers.authorization ?? '-'}`);
    if (name === 'me' || request.headers.authorization === accepts) sendJson(response, 200, { kind: 'Node' });
    else sendJson(response, 401, statusBody(401, 'Unauthorized'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  address = `https://127.0.0.1:${typeof bound === 'object' ? bound?.port : 0}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'burstlet-kube-'));
  await writeFile(path.join(folder, 'ca.crt'), ca);
  accepts = 'Bearer good';
  seen.length = 0;
});

afterEach(async () => {
  for (const each of clients.splice(0)) await each.close();
  await rm(folder, { recursive: true });
});

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

async function kubeconfig(
  user: string,
  cluster = 'certificate-authority: ca.crt, tls-server-name: kube.test',
): Promise<string> {
  const file = path.join(folder, 'config');
  await writeFile(
    file,
    `
current-context: x
contexts: [{ name: x, context: { cluster: c, user: u, namespace: team } }]
clusters: [{ name: c, cluster: { server: "${address}", ${cluster} } }]
users: [{ name: u, user: ${user} }]
`,
  );
  return file;
}

async function connect(options: ClusterAccessOptions, env: Record<string, string> = {}) {
  const access = await loadClusterAccess(options, {
    clock,
    log: silentLog,
    env,
    home: folder,
    serviceAccountFolder: path.join(folder, 'serviceaccount'),
  });
  const kube = createKubeClient({ ...access, clock, log: silentLog, random: () => 0 });
  clients.push(kube);
  return { access, get: (timeoutMs = 5_000) => kube.get(nodes, { name: 'n' }, { timeoutMs }) };
}

describe('TLS', () => {
  it('checks the server against the CA, under the name that the kubeconfig gives it', async () => {
    const { access, get } = await connect({ kubeconfig: await kubeconfig('{ token: good }') });
    await get();
    expect(access).toMatchObject({ server: address, context: 'x', namespace: 'team' });
  });

  it.each([
    ['another name', 'certificate-authority: ca.crt'],
    ['an unknown CA', 'tls-server-name: kube.test'],
  ])('refuses %s', async (_name, cluster) => {
    const { get } = await connect({ kubeconfig: await kubeconfig('{ token: good }', cluster) });
    const call = get().catch((error: unknown) => error);
    for (let n = 0; n < 20; n++) await clock.advance(100);
    expect(await call).toMatchObject({ kind: 'connect', untouched: true });
    expect(seen).toEqual([]);
  });

  it('takes any server when told to', async () => {
    const { get } = await connect({
      kubeconfig: await kubeconfig('{ token: good }', 'insecure-skip-tls-verify: true'),
    });
    await get();
  });

  it('shows the client certificate, from data and from files', async () => {
    const inPlace = `{ client-certificate-data: ${base64(client.cert)}, client-key-data: ${base64(client.key)} }`;
    await (await connect({ kubeconfig: await kubeconfig(inPlace) })).get();
    await writeFile(path.join(folder, 'me.crt'), client.cert);
    await writeFile(path.join(folder, 'me.key'), client.key);
    const inFiles = '{ client-certificate: me.crt, client-key: me.key }';
    await (await connect({ kubeconfig: await kubeconfig(inFiles) })).get();
    expect(seen).toEqual(['me -', 'me -']);
  });
});

describe('token files', () => {
  it('are read again after a minute, and at once when the server refuses', async () => {
    const token = path.join(folder, 'token');
    await writeFile(token, 'good\n');
    const { get } = await connect({ kubeconfig: await kubeconfig('{ tokenFile: token }') });
    await get();
    await writeFile(token, 'better');
    await get();
    await clock.advance(60_000);
    accepts = 'Bearer better';
    await get();
    await writeFile(token, 'best');
    accepts = 'Bearer best';
    await clock.advance(6_000);
    await get();
    expect(seen).toEqual(['good', 'good', 'better', 'better', 'best'].map((text) => `nobody Bearer ${text}`));
  });

  it.each([
    ['missing', async () => undefined, 'cannot be read (ENOENT)'],
    ['empty', (file: string) => writeFile(file, '\n'), 'is empty, but should hold a token'],
  ] as const)('that are %s fail at once', async (_name, prepare, message) => {
    await prepare(path.join(folder, 'token'));
    await expect(connect({ kubeconfig: await kubeconfig('{ tokenFile: token }') })).rejects.toThrow(
      `${path.join(folder, 'token')}: ${message}`,
    );
  });
});

describe('where the cluster is found', () => {
  it('in the Pod that this runs in', async () => {
    const account = path.join(folder, 'serviceaccount');
    await mkdir(account);
    await writeFile(path.join(account, 'token'), 'good');
    await writeFile(path.join(account, 'ca.crt'), ca);
    await writeFile(path.join(account, 'namespace'), 'kube-system');
    const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };
    const { access } = await connect({}, env);
    expect(access).toMatchObject({
      server: 'https://[fd00::1]:443',
      context: 'in-cluster',
      namespace: 'kube-system',
    });
    expect(await access.credentials.current()).toEqual({ authorization: 'Bearer good', tls: { ca } });
  });

  it('in the files of KUBECONFIG, without those that are not there', async () => {
    const file = await kubeconfig('{ token: good }');
    const { get } = await connect(
      {},
      { KUBECONFIG: `/none/such${path.delimiter}${file}`, KUBERNETES_SERVICE_HOST: 'x' },
    );
    await get();
    await expect(connect({}, { KUBECONFIG: '/none/such' })).rejects.toThrow(
      'KUBECONFIG: none of its files exists: /none/such',
    );
  });

  it('in the home folder', async () => {
    await expect(connect({})).rejects.toThrow('does not exist, KUBECONFIG is not set, and this is not a Pod');
    const file = await kubeconfig(
      '{ token: good }',
      `certificate-authority: ../ca.crt, tls-server-name: kube.test`,
    );
    await mkdir(path.join(folder, '.kube'));
    await writeFile(path.join(folder, '.kube', 'config'), await readFile(file));
    await (await connect({ context: 'x' }, { KUBERNETES_SERVICE_HOST: 'x' })).get();
  });
});

describe('exec plugins', () => {
  async function plugin(script: string, extra = ''): Promise<string> {
    const file = path.join(folder, 'login');
    await writeFile(file, `#!/bin/sh\n${script}\n`);
    await chmod(file, 0o700);
    return await kubeconfig(
      `{ exec: { apiVersion: client.authentication.k8s.io/v1, command: ./login, args: [a, b], env: [{ name: WHO, value: me }], ${extra} } }`,
    );
  }

  function credential(status: object): string {
    return `echo '${JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status })}'`;
  }

  it('give tokens; run once as long as the server is content, and again when it is not', async () => {
    const runs = path.join(folder, 'runs');
    const script = `echo "$1 $2 $WHO" >> ${runs}; echo "$KUBERNETES_EXEC_INFO" > ${folder}/info; token=$(cat ${folder}/current)`;
    await writeFile(path.join(folder, 'current'), 'good');
    const print = credential({ token: 'TOKEN' }).replace('TOKEN', `'"$token"'`);
    const { get } = await connect({
      kubeconfig: await plugin(`${script}; ${print}`, 'provideClusterInfo: true'),
    });
    await get();
    await clock.advance(61_000);
    await get();
    expect(await readFile(runs, 'utf8')).toBe('a b me\n');
    await writeFile(path.join(folder, 'current'), 'new');
    accepts = 'Bearer new';
    await clock.advance(6_000);
    await get();
    expect(await readFile(runs, 'utf8')).toBe('a b me\na b me\n');
    expect(JSON.parse(await readFile(path.join(folder, 'info'), 'utf8'))).toEqual({
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      spec: {
        interactive: false,
        cluster: {
          server: address,
          'tls-server-name': 'kube.test',
          'certificate-authority-data': base64(ca),
        },
      },
    });
  });

  it('give client certificates', async () => {
    const status = { clientCertificateData: client.cert, clientKeyData: client.key };
    const { get } = await connect({
      kubeconfig: await plugin(`cat <<'END'\n${JSON.stringify({ status })}\nEND`),
    });
    await get();
    expect(seen).toEqual(['me -']);
  });

  it.each([
    [
      'fails',
      'echo "session expired, run login; key AKIAABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdef" >&2; exit 1',
      'session expired, run login; key ***',
    ],
    ['prints no JSON', 'echo sup3rs3cret', 'its output is not an ExecCredential in JSON'],
    ['gives nothing', credential({}), 'gave neither a token nor a client certificate'],
    ['prints JSON of another kind', 'echo "{}"', 'gave no credentials'],
  ])('that %s are reported without secrets', async (_name, script, message) => {
    const failure = await connect({ kubeconfig: await plugin(script) }).catch((error: unknown) => error);
    expect(String(failure)).toContain(`users[0].user: the exec plugin ${path.join(folder, 'login')} `);
    expect(String(failure)).toContain(message);
    expect(String(failure)).not.toMatch(/sup3r|AKIA/);
  });

  it('that are not there are reported', async () => {
    const file = await kubeconfig('{ exec: { command: no-such-login-plugin } }');
    await expect(connect({ kubeconfig: file })).rejects.toThrow('ENOENT');
  });
});
