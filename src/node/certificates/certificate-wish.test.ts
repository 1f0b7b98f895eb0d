import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { describe, expect, test } from 'vitest';
import { requestName, signerOf, signingRequest, usagesOf } from './certificate-wish.ts';
import { keyPairOf, newKeyPair } from './key-pair.ts';

const server = { usage: 'server', nodeName: 'burst-0', hosts: ['10.0.0.5', 'fd00::5', 'a.example'] } as const;
const client = { usage: 'client', nodeName: 'burst-0', hosts: [] } as const;

describe('a request', () => {
  test('for a server has the addresses, and for a client none', async () => {
    const keys = await newKeyPair();
    const asked = new x509.Pkcs10CertificateRequest(await signingRequest(server, keys));
    expect(asked.subject).toBe('O=system:nodes, CN=system:node:burst-0');
    const extension = asked.getExtension('2.5.29.17');
    const names = new x509.SubjectAlternativeNameExtension(extension?.rawData ?? new ArrayBuffer()).names
      .items;
    expect(names.map(({ type, value }) => [type, value])).toEqual([
      ['ip', '10.0.0.5'],
      ['ip', 'fd00::5'],
      ['dns', 'a.example'],
    ]);
    expect(await asked.verify()).toBe(true);
    expect(new x509.Pkcs10CertificateRequest(await signingRequest(client, keys)).extensions).toEqual([]);
  });

  test('asks the signer for exactly what that allows', () => {
    expect([signerOf(server), usagesOf(server)]).toEqual([
      'kubernetes.io/kubelet-serving',
      ['digital signature', 'server auth'],
    ]);
    expect([signerOf(client), usagesOf(client)]).toEqual([
      'kubernetes.io/kube-apiserver-client-kubelet',
      ['digital signature', 'client auth'],
    ]);
  });

  test('has one name for the same key and wish, also when the key was read back', async () => {
    const keys = await newKeyPair();
    const name = requestName(server, keys);
    expect(name).toMatch(/^node-csr-burst-0-[0-9a-f]{16}$/);
    expect(requestName(server, await keyPairOf(keys.pem))).toBe(name);
    expect(requestName(server, await newKeyPair())).not.toBe(name);
    expect(requestName({ ...server, hosts: ['10.0.0.6'] }, keys)).not.toBe(name);
    expect(requestName(client, keys)).not.toBe(name);
  });
});
