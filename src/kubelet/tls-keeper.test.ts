import { once } from 'node:events';
import { createServer, Agent as HttpsAgent, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  type CertificateAuthority,
  createAuthority,
  type IssuedCertificate,
} from '../devcluster/authority.ts';
import { FakeClock } from '../telemetry/fake-clock.ts';
import { ClientAuthority } from './auth/client-authority.ts';
import { TlsKeeper } from './tls-keeper.ts';

let old: CertificateAuthority;
let renewed: CertificateAuthority;
let eve: IssuedCertificate;
beforeAll(async () => {
  [old, renewed] = await Promise.all([createAuthority(() => Date.now()), createAuthority(() => Date.now())]);
  eve = await old.issue({ commonName: 'eve', organization: 'devs', usage: 'client' });
});

let clock: FakeClock;
let clients: ClientAuthority;
let tls: TlsKeeper;
let server: ReturnType<typeof createServer>;
let port: number;

async function serve(clientCa: string | undefined, certificate?: IssuedCertificate): Promise<void> {
  clock = new FakeClock(Date.now());
  clients = new ClientAuthority(clock, clientCa);
  tls = new TlsKeeper(clients, certificate && { cert: certificate.certPem, key: certificate.keyPem });
  server = createServer(
    { ...tls.options, requestCert: true, rejectUnauthorized: false },
    (incoming, answer) => {
      if (incoming.url === '/stream') answer.write('first\n');
      else answer.end(clients.userOf(incoming.socket as TLSSocket)?.name ?? 'nobody');
      if (incoming.url === '/stream') streams.push((text) => answer.end(text));
    },
  );
  tls.keep(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
}
let streams: ((text: string) => void)[] = [];

beforeEach(async () => {
  streams = [];
  await serve(old.caPem, await old.issue({ commonName: 'node', ips: ['127.0.0.1'] }));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function agentOf(client?: IssuedCertificate, ca = old): HttpsAgent {
  const own = client && { cert: client.certPem, key: client.keyPem };
  return new HttpsAgent({ keepAlive: true, maxSockets: 1, ca: ca.caPem, ...own });
}

async function get(agent: HttpsAgent, path = '/'): Promise<string> {
  const [answer] = await once(request({ host: '127.0.0.1', port, path, agent }).end(), 'response');
  let text = '';
  for await (const part of answer) text += part;
  return text;
}

test('a user is known by a certificate of the client CA, for clients, until it ends', async () => {
  expect(await get(agentOf(eve))).toBe('eve');
  expect(await get(agentOf())).toBe('nobody');
  const foreign = await renewed.issue({ commonName: 'eve', usage: 'client' });
  expect(await get(agentOf(foreign))).toBe('nobody');
  const serving = await old.issue({ commonName: 'system:node:other', ips: ['127.0.0.1'] });
  expect(await get(agentOf(serving))).toBe('nobody');
  const agent = agentOf(eve);
  await get(agent);
  await clock.advance(366 * 24 * 3_600_000);
  expect(await get(agent)).toBe('nobody');
});

test('without a client CA nobody is known, not by any public CA either', async () => {
  server.close();
  await serve(undefined, await old.issue({ commonName: 'node', ips: ['127.0.0.1'] }));
  expect(tls.options.ca).toEqual([]);
  expect(await get(agentOf(eve))).toBe('nobody');
  tls.setClientCa(old.caPem);
  expect(await get(agentOf(eve))).toBe('eve');
});

test('a CA in place of another holds for the connections that are there, and ends none', async () => {
  const agent = agentOf(eve);
  const answering = once(request({ host: '127.0.0.1', port, path: '/stream', agent }).end(), 'response');
  const [stream] = await answering;
  const [socket] = Object.values(agent.sockets).flat() as TLSSocket[];
  tls.setClientCa(`${renewed.caPem}${old.caPem}`);
  tls.setClientCa(renewed.caPem);
  streams[0]?.('last\n');
  let text = '';
  for await (const part of stream) text += part;
  expect(text).toBe('first\nlast\n');
  // The same connection, on which TLS once took the certificate.
  expect(socket?.destroyed).toBe(false);
  expect(await get(agent)).toBe('nobody');
  expect(await get(agentOf(eve))).toBe('nobody');
  const next = await renewed.issue({ commonName: 'adam', usage: 'client' });
  expect(await get(agentOf(next))).toBe('adam');
});

test('a text without certificates changes nothing', async () => {
  expect(() => tls.setClientCa('soon')).toThrow('there is no certificate in it');
  expect(await get(agentOf(eve))).toBe('eve');
});

test('a certificate in place of another is shown to new connections, and old ones go on', async () => {
  const before = agentOf();
  await get(before);
  const { certPem, keyPem } = await renewed.issue({ commonName: 'node', ips: ['127.0.0.1'] });
  tls.setCertificate({ cert: certPem, key: keyPem });
  expect(await get(before)).toBe('nobody');
  expect(await get(agentOf(undefined, renewed))).toBe('nobody');
  await expect(get(agentOf(undefined, old))).rejects.toThrow('certificate');
  const other = await renewed.issue({ commonName: 'node' });
  expect(() => tls.setCertificate({ cert: certPem, key: other.keyPem })).toThrow();
  expect(await get(agentOf(undefined, renewed))).toBe('nobody');
});

test('without a certificate handshakes fail until there is one', async () => {
  server.close();
  await serve(old.caPem);
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  const [error] = await once(socket, 'error');
  expect(String(error)).toContain('handshake failure');
  const { certPem, keyPem } = await old.issue({ commonName: 'node', ips: ['127.0.0.1'] });
  tls.setCertificate({ cert: certPem, key: keyPem });
  expect(await get(agentOf(eve))).toBe('eve');
});
