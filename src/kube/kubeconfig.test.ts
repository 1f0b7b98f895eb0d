import { describe, expect, it } from 'vitest';
import { pickContext } from './kubeconfig.ts';

const base = `
apiVersion: v1
kind: Config
current-context: dev
contexts:
- name: dev
  context: { cluster: c1, user: u1, namespace: team }
- name: prod
  context: { cluster: c2, user: u2 }
clusters:
- name: c1
  cluster: { server: "https://dev:6443", certificate-authority: pki/ca.crt, tls-server-name: kube }
- name: c2
  cluster: { server: "https://prod", insecure-skip-tls-verify: true }
users:
- name: u1
  user: { client-certificate: pki/me.crt, client-key: /abs/me.key }
- name: u2
  user: { token: s3cret, tokenFile: token }
`;

function pick(text: string, wanted?: string) {
  return pickContext([{ file: '/home/me/.kube/config', text }], wanted);
}

it('takes the current context, with paths relative to the file', () => {
  expect(pick(base)).toEqual({
    context: 'dev',
    namespace: 'team',
    cluster: {
      server: 'https://dev:6443',
      insecure: false,
      ca: { file: '/home/me/.kube/pki/ca.crt' },
      serverName: 'kube',
    },
    user: { kind: 'plain', certificate: { file: '/home/me/.kube/pki/me.crt' }, key: { file: '/abs/me.key' } },
  });
});

it('takes another context when told to; a token file goes before a token', () => {
  expect(pick(base, 'prod')).toEqual({
    context: 'prod',
    cluster: { server: 'https://prod', insecure: true },
    user: { kind: 'plain', token: { file: '/home/me/.kube/token' } },
  });
});

it('merges files: the first that has a name wins, and paths stay with their file', () => {
  const second = `
current-context: prod
contexts: [{ name: dev, context: { cluster: nowhere } }, { name: extra, context: { cluster: c3, user: u2 } }]
clusters: [{ name: c3, cluster: { server: "http://x:1", certificate-authority: ca } }]
`;
  const files = [
    { file: '/a/one', text: base },
    { file: '/b/two', text: second },
  ];
  expect(pickContext(files, undefined)).toMatchObject({
    context: 'dev',
    cluster: { server: 'https://dev:6443' },
  });
  expect(pickContext(files, 'extra')).toMatchObject({
    cluster: { ca: { file: '/b/ca' } },
    user: { token: { file: '/a/token' } },
  });
});

it('prefers data in place to files', () => {
  const data = Buffer.from('-----BEGIN CERTIFICATE-----').toString('base64');
  const text = base.replace(
    'certificate-authority: pki/ca.crt',
    `certificate-authority: x, certificate-authority-data: ${data}`,
  );
  expect(pick(text).cluster.ca).toEqual({ pem: '-----BEGIN CERTIFICATE-----' });
});

it('hands plugin users over as they are, with a relative command made absolute', () => {
  const exec = (command: string) =>
    pick(`
current-context: x
contexts: [{ name: x, context: { cluster: c, user: u } }]
clusters: [{ name: c, cluster: { server: "https://c" } }]
users: [{ name: u, user: { exec: { apiVersion: v1, command: ${command}, args: [a] } } }]
`).user;
  expect(exec('bin/login')).toEqual({
    kind: 'plugin',
    place: '/home/me/.kube/config: users[0].user',
    raw: { exec: { apiVersion: 'v1', command: '/home/me/.kube/bin/login', args: ['a'] } },
  });
  expect(exec('aws')).toMatchObject({ raw: { exec: { command: 'aws' } } });
});

describe('says what is wrong and where', () => {
  const file = '/home/me/.kube/config';
  it.each([
    ['a: [', `${file}:1: is not YAML`],
    ['a: 1\ntoken: "s3cret\n', `${file}:`],
    ['[]', `${file}: must be a mapping`],
    ['', `${file}: current-context is not set`],
    ['current-context: x', `${file}: contexts has none named "x"; contexts is empty`],
    [
      base.replace('cluster: c1,', 'cluster: c9,'),
      `${file}: clusters has none named "c9"; there are: c1, c2`,
    ],
    [base.replace('user: u1,', 'user: u9,'), `${file}: users has none named "u9"; there are: u1, u2`],
    [base.replace('cluster: c1, ', ''), `${file}: contexts[0].context.cluster is missing`],
    [
      base.replace('https://dev:6443', 'dev:6443'),
      `${file}: clusters[0].cluster.server is not an http or https address`,
    ],
    [
      base.replace('tls-server-name: kube', 'proxy-url: "http://p"'),
      'clusters[0].cluster.proxy-url is not supported',
    ],
    [
      base.replace('tls-server-name: kube', 'insecure-skip-tls-verify: true'),
      'insecure-skip-tls-verify contradicts certificate-authority',
    ],
    [base.replace('tls-server-name: kube', 'insecure-skip-tls-verify: "yes"'), 'must be true or false'],
    [base.replace(', client-key: /abs/me.key', ''), 'users[0].user.client-key is missing'],
    [base.replace('client-certificate: pki/me.crt, ', ''), 'users[0].user.client-certificate is missing'],
    [
      base.replace('client-certificate: pki/me.crt', 'client-certificate-data: "!!"'),
      'client-certificate-data is not PEM',
    ],
    [
      base.replace('client-certificate: pki/me.crt', 'username: me'),
      'users[0].user.username is not supported',
    ],
    [base.replace('client-certificate: pki/me.crt', 'as: root'), 'users[0].user.as is not supported'],
    [
      base.replace('client-certificate: pki/me.crt', 'client-certificate: 7'),
      'users[0].user.client-certificate must be a text',
    ],
    [base.replace('users:', 'users: 5\nother:'), `${file}: users must be a list`],
    [base.replace('pki/me.crt,', 'pki/me.crt, exec: { command: x },'), 'cannot go together with exec'],
    [
      base.replace('client-certificate: pki/me.crt, client-key: /abs/me.key', 'exec: { args: [] }'),
      'users[0].user.exec.command is missing',
    ],
  ])('%#', (text, message) => {
    expect(() => pick(text)).toThrow(message);
    try {
      pick(text);
    } catch (error) {
      expect(String(error)).not.toContain('s3cret');
    }
  });
});
