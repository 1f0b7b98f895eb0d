import { describe, expect, test } from 'vitest';
import { parseConfigFile } from './config-file.ts';
import { settingsOfFile, settingsOfFlags } from './settings-of.ts';

const one = 'nodes: [{ name: a, provider: mock }]\n';
const two = "nodes: [{ name: a, provider: mock }, { name: b, provider: mock, listen: '0.0.0.0:1' }]\n";

function ofFile(text: string) {
  const whole = `apiVersion: burstlet.dev/v1alpha1\nkind: Config\n${text}`;
  return settingsOfFile(parseConfigFile(whole, 'b.yaml'));
}

describe('the certificate of the node API', () => {
  test.each([
    ['tls: { certFile: a.pem }\n', 'b.yaml:3: tls.certFile is of no use alone'],
    [
      'tls: { certFile: a.pem, keyFile: a.key, serverTLSBootstrap: true }\n',
      'b.yaml:3: tls.serverTLSBootstrap: the certificate comes from b.yaml:3: tls.certFile already',
    ],
    ['tls: { selfSigned: false }\n', 'b.yaml:3: tls.selfSigned: false, but no other certificate is named'],
  ])('contradicts itself in the file: %s', (text, message) => {
    expect(() => ofFile(`${text}${one}`)).toThrow(message);
  });

  test('is described by flags with the names of the kubelet', () => {
    const flags = {
      provider: 'mock',
      tlsCertFile: 'a.pem',
      tlsPrivateKeyFile: 'a.key',
      clientCaFile: 'ca.pem',
    };
    expect(settingsOfFlags(flags).tls).toEqual({
      certFile: 'a.pem',
      keyFile: 'a.key',
      clientCaFile: 'ca.pem',
    });
    expect(settingsOfFlags({ provider: 'mock', rotateServerCertificates: true }).tls).toEqual({
      serverTLSBootstrap: true,
    });
    expect(() => settingsOfFlags({ provider: 'mock', tlsPrivateKeyFile: 'a.key' })).toThrow(
      '--tls-private-key-file is of no use alone',
    );
    expect(() => settingsOfFlags({ ...flags, rotateServerCertificates: true })).toThrow(
      '--rotate-server-certificates: the certificate comes from --tls-cert-file already',
    );
  });
});

describe('a bootstrap', () => {
  test('gives the node an identity, and takes the scheduler away', () => {
    expect(ofFile(`bootstrapKubeconfig: boot\nkubeconfig: own\n${one}`)).toMatchObject({
      bootstrap: { kubeconfig: 'boot', target: 'own', rotate: true },
      scheduler: false,
    });
    const flags = { provider: 'mock', bootstrapKubeconfig: 'boot', kubeconfig: 'own' };
    expect(settingsOfFlags({ ...flags, rotateCertificates: false })).toMatchObject({
      bootstrap: { kubeconfig: 'boot', target: 'own', rotate: false },
      scheduler: false,
    });
    expect(settingsOfFlags({ provider: 'mock' }).scheduler).toBe(true);
  });

  test.each([
    [
      `bootstrapKubeconfig: boot\n${one}`,
      'b.yaml:3: bootstrapKubeconfig: where is the new kubeconfig to be written?',
    ],
    [
      `bootstrapKubeconfig: boot\nkubeconfig: own\n${two}`,
      'b.yaml:3: bootstrapKubeconfig: the identity is that of one node, and there are 2',
    ],
    [
      `bootstrapKubeconfig: boot\nkubeconfig: own\nscheduler: true\n${one}`,
      'b.yaml:5: scheduler: the identity',
    ],
    [`rotateCertificates: false\n${one}`, 'b.yaml:3: rotateCertificates: it is about the certificate'],
  ])('cannot be: %s', (text, message) => {
    expect(() => ofFile(text)).toThrow(message);
  });

  test('by flags names the flags', () => {
    expect(() => settingsOfFlags({ provider: 'mock', bootstrapKubeconfig: 'boot' })).toThrow(
      '--bootstrap-kubeconfig: where is the new kubeconfig to be written? Name a file with --kubeconfig',
    );
  });
});
