import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { certificateFromFiles, selfSignedCertificate } from './serving-certificate.ts';

const now = Date.now();

it('is for the addresses and names given, for serving alone, and for a year', async () => {
  const { cert, key } = await selfSignedCertificate('burst-0', ['127.0.0.1', 'fe80::1', 'burst-0'], now);
  const certificate = new X509Certificate(cert);
  expect(certificate.subject).toBe('CN=burst-0');
  expect(certificate.subjectAltName).toBe('IP Address:127.0.0.1, IP Address:FE80:0:0:0:0:0:0:1, DNS:burst-0');
  expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  expect(certificate.ca).toBe(false);
  expect(Date.parse(certificate.validFrom)).toBeLessThan(now);
  expect(Math.round((Date.parse(certificate.validTo) - now) / 86_400_000)).toBe(365);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
});

it('serves, also when it is read from files', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'burstlet-tls-'));
  const [certFile, keyFile] = [path.join(folder, 'node.crt'), path.join(folder, 'node.key')];
  const made = await selfSignedCertificate('burst-0', ['127.0.0.1'], now);
  await writeFile(certFile, made.cert);
  await writeFile(keyFile, made.key);
  const read = await certificateFromFiles(certFile, keyFile);
  expect(read).toEqual(made);
  const server = createServer(read, (_, response) => response.end('ok'));
  try {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const text = await new Promise<string>((resolve, reject) => {
      request({ host: '127.0.0.1', port, ca: read.cert }, (response) => {
        response.setEncoding('utf8').on('data', resolve);
      })
        .on('error', reject)
        .end();
    });
    expect(text).toBe('ok');
  } finally {
    server.close();
    await rm(folder, { recursive: true });
  }
});

it.each([
  ['an empty certificate', '', undefined],
  ['an empty key', undefined, ''],
])('from files with %s is none', async (_, cert, key) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'burstlet-tls-'));
  const [certFile, keyFile] = [path.join(folder, 'node.crt'), path.join(folder, 'node.key')];
  const made = await selfSignedCertificate('burst-0', ['127.0.0.1'], now);
  await writeFile(certFile, cert ?? made.cert);
  await writeFile(keyFile, key ?? made.key);
  await expect(certificateFromFiles(certFile, keyFile)).rejects.toThrow();
  await rm(folder, { recursive: true });
});

it('from files that are not there names the file', async () => {
  await expect(certificateFromFiles('/nowhere/node.crt', '/nowhere/node.key')).rejects.toThrow(
    '/nowhere/node.crt',
  );
});
