import 'reflect-metadata';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import * as x509 from '@peculiar/x509';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HttpAction } from '../../../providers/contract/index.ts';
import { httpGet } from './http.ts';

const server = http.createServer((request, response) => {
  const url = request.url ?? '';
  const location = {
    '/same-host': '/status/200?from=redirect',
    '/other-host': 'http://elsewhere.invalid/',
    '/loop': '/loop',
  }[url];
  if (location !== undefined) response.writeHead(302, { location }).end();
  else if (url === '/endless') {
    const timer = setInterval(() => response.write(Buffer.alloc(4096)), 1);
    response.on('close', () => clearInterval(timer));
  } else if (url === '/headers') {
    const { host, accept, connection, 'user-agent': agent } = request.headers;
    const good =
      host === 'shop.example' &&
      accept === '*/*' &&
      connection === 'close' &&
      agent?.startsWith('kube-probe/');
    response.writeHead(good && request.headers['x-two'] === 'a, b' ? 200 : 500).end();
  } else if (url.startsWith('/status/')) response.writeHead(Number(url.slice(8, 11))).end('body');
});

beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

function get(path: string, headers: HttpAction['headers'] = []): Promise<number> {
  const { port } = server.address() as AddressInfo;
  const action: HttpAction = { kind: 'http', scheme: 'HTTP', port, path, headers };
  return httpGet(action, '127.0.0.1', new AbortController().signal);
}

describe('httpGet', () => {
  it('answers with the status', async () => {
    expect(await get('/status/204')).toBe(204);
    expect(await get('status/503')).toBe(503);
  });

  it('follows redirects on the same host and no others', async () => {
    expect(await get('/same-host')).toBe(200);
    expect(await get('/other-host')).toBe(302);
    await expect(get('/loop')).rejects.toThrow('stopped after 10 redirects');
  });

  it('reads no more of the body than it needs', async () => {
    expect(await get('/endless')).toBe(200);
  });

  it("sends the prober's headers and the Pod's own, a Host included", async () => {
    const own = [
      { name: 'Host', value: 'shop.example' },
      { name: 'X-Two', value: 'a' },
      { name: 'X-Two', value: 'b' },
    ];
    expect(await get('/headers', own)).toBe(200);
    expect(await get('/headers')).toBe(500);
  });

  it('speaks TLS and trusts any certificate', async () => {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
    const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      name: 'CN=nobody',
      keys,
      signingAlgorithm: algorithm,
    });
    const key = x509.PemConverter.encode(
      await crypto.subtle.exportKey('pkcs8', keys.privateKey),
      'PRIVATE KEY',
    );
    const secure = https.createServer({ key, cert: certificate.toString('pem') }, (_request, response) => {
      response.end('ok');
    });
    await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
    const { port } = secure.address() as AddressInfo;
    const action: HttpAction = { kind: 'http', scheme: 'HTTPS', port, path: '/', headers: [] };
    expect(await httpGet(action, '127.0.0.1', new AbortController().signal)).toBe(200);
    secure.close();
  });

  it('rejects when nobody listens, and when it is called off', async () => {
    const action: HttpAction = { kind: 'http', scheme: 'HTTP', port: 1, path: '/', headers: [] };
    await expect(httpGet(action, '127.0.0.1', new AbortController().signal)).rejects.toThrow('ECONNREFUSED');
    await expect(httpGet(action, '127.0.0.1', AbortSignal.abort())).rejects.toThrow();
  });
});
