import { describe, expect, it } from 'vitest';
import { servedResource } from './resource-table.ts';
import { fieldPredicate, labelPredicate } from './selectors.ts';
import type { StoredObject } from './store.ts';

const object: StoredObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'web-0',
    namespace: 'default',
    uid: 'u',
    resourceVersion: '1',
    creationTimestamp: '',
    labels: { app: 'web', tier: '', 'x.io/y': 'z' },
  },
  spec: { nodeName: 'n1' },
  status: { phase: 'Running' },
};

describe('label selectors', () => {
  it.each([
    ['', true],
    ['app', true],
    ['!app', false],
    ['!other', true],
    ['app=web', true],
    ['app == web,x.io/y=z', true],
    ['app=web,tier=', true],
    ['app=db', false],
    ['app!=db', true],
    ['other!=x', true],
    ['app in (db, web)', true],
    ['app in (db)', false],
    ['app notin (db),tier', true],
    ['other notin (db)', true],
    ['other in (a)', false],
    ['app in (db,web),!other , tier', true],
  ])('%j selects: %j', (selector, expected) => {
    expect(labelPredicate(selector)?.(object) ?? true).toBe(expected);
  });

  it.each(['=', 'a in', 'a in (b', 'a b', ',', 'a==b=c'])('%j is refused', (selector) => {
    expect(() => labelPredicate(selector)).toThrow('unable to parse requirement');
  });
});

describe('field selectors', () => {
  const pods = servedResource('pods');
  if (pods === undefined) throw new Error('pods are not served');

  it.each([
    ['', true],
    ['metadata.name=web-0,spec.nodeName=n1', true],
    ['spec.nodeName!=n1', false],
    ['status.phase!=Failed,status.phase!=Succeeded', true],
    ['status.podIP=', true],
    ['spec.hostNetwork=false', true],
    ['metadata.namespace==other', false],
  ])('%j selects: %j', (selector, expected) => {
    expect(fieldPredicate(selector, pods)?.(object) ?? true).toBe(expected);
  });

  it('refuses fields that the kind cannot be selected by', () => {
    expect(() => fieldPredicate('spec.foo=1', pods)).toThrow('field label not supported: spec.foo');
    expect(() => fieldPredicate('nonsense', pods)).toThrow('invalid field selector');
  });
});
