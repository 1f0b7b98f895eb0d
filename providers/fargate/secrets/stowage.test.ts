import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { ContainerSpec, EnvVar, InstanceSpec } from '../../contract/index.ts';
import { draftTask, planTask, type TaskPlan } from '../definition/plan-task.ts';
import { aContainer, aSpec, testOptions } from '../testing/fixtures.ts';
import { stow, withReferences } from './stowage.ts';

const options = testOptions({
  secretStore: 'secretsmanager',
  executionRoleArn: 'arn:aws:iam::123456789012:role/execution',
});

function secret(name: string, value: string): EnvVar {
  return { name, value, secret: true };
}

/** The plan, and the texts that it wants stored. A text is at `arn:…:secret:INDEX`. */
function planned(spec: InstanceSpec): { readonly plan: TaskPlan; readonly texts: readonly string[] } {
  const draft = draftTask(spec, options);
  const stowage = stow(draft.drafts);
  const drafts = withReferences(draft.drafts, stowage, (text) => ({
    arn: `arn:aws:secretsmanager:us-east-1:123456789012:secret:s-${stowage.texts.indexOf(text)}`,
    version: 'f'.repeat(32),
  }));
  return { plan: planTask({ ...draft, drafts }), texts: stowage.texts };
}

/** What ECS makes of a reference. */
function storedValue(valueFrom: string, texts: readonly string[]): unknown {
  const [, index, key] = /:secret:s-(\d+):(\w+)::f{32}$/.exec(valueFrom) ?? [];
  return JSON.parse(texts[Number(index)] ?? '{}')[key ?? ''];
}

/** The variables that a container has from stored secrets. */
function stored({ plan, texts }: ReturnType<typeof planned>, name: string): Record<string, unknown> {
  const found = plan.definition.containerDefinitions?.find((container) => container.name === name);
  return Object.fromEntries(
    (found?.secrets ?? []).map((one) => [one.name, storedValue(one.valueFrom ?? '', texts)]),
  );
}

const refused = (containers: readonly ContainerSpec[], more: Partial<InstanceSpec> = {}) =>
  expect(() => planned(aSpec(containers, more)));

test('variables with values of Secrets come by reference, the others as before', () => {
  const env = [secret('TOKEN', 's3cret'), { name: 'MODE', value: 'fast', secret: false }];
  const made = planned(aSpec([aContainer({ env })]));
  expect(stored(made, 'main')).toEqual({ TOKEN: 's3cret' });
  expect(JSON.stringify(made.plan)).not.toContain('s3cret');
  const [override] = made.plan.overrides.containerOverrides ?? [];
  expect(override?.environment?.map(({ name }) => name)).toEqual(['MODE', 'HOSTNAME', 'BURSTLET_OWNER']);
  expect(made.plan.shape.secrets).toEqual(['arn:aws:secretsmanager:us-east-1:123456789012:secret:s-0']);
});

test('one value is stored once, whoever uses it', () => {
  const made = planned(
    aSpec([
      aContainer({ name: 'a', env: [secret('X', 'one'), secret('Y', 'two')] }),
      aContainer({ name: 'b', env: [secret('Z', 'one')] }),
    ]),
  );
  expect(made.texts).toEqual(['{"v0":"one","v1":"two"}']);
  expect([stored(made, 'a'), stored(made, 'b')]).toEqual([{ X: 'one', Y: 'two' }, { Z: 'one' }]);
});

test('Pods that differ in plain variables alone share texts and definition', () => {
  const of = (value: string) =>
    planned(aSpec([aContainer({ env: [secret('T', 'x'), { name: 'N', value, secret: false }] })]));
  expect(of('1').texts).toEqual(of('2').texts);
  expect(of('1').plan.definition).toEqual(of('2').plan.definition);
});

test('files go to the helper, as many parts as it takes', () => {
  // Noise, which cannot be compressed.
  const content = Buffer.from(
    Array.from(
      { length: 150_000 },
      (_none, index) => (index * index * 31 + (index >> 3) * 17 + ((index * 2_654_435_761) >>> 13)) & 255,
    ),
  );
  const container = aContainer({ mounts: [{ volume: 'keys', mountPath: '/keys', readOnly: true }] });
  const made = planned(
    aSpec([container], {
      volumes: [
        {
          name: 'keys',
          kind: 'files',
          refreshable: false,
          files: [{ path: 'key', content, mode: 0o400, secret: true }],
        },
      ],
    }),
  );
  const variables = stored(made, 'burstlet-files');
  expect(Object.keys(variables).length).toBeGreaterThan(1);
  for (const text of made.texts) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(65_536);
  const helper = made.plan.definition.containerDefinitions?.find(({ name }) => name === 'burstlet-files');
  const script = helper?.entryPoint?.[2] ?? '';
  const text = script.replace(/\$(\w+)/g, (_all, name: string) => String(variables[name] ?? ''));
  const [, archive = ''] = /printf %s "([^"]*)"/.exec(text) ?? [];
  expect(gunzipSync(Buffer.from(archive, 'base64')).includes(content)).toBe(true);
});

describe('credentials of a registry', () => {
  const registryCredentials = [
    { server: 'registry.example', username: 'all', password: 'p1' },
    { server: 'registry.example/team', username: 'team', password: 'p2' },
  ];
  const parameters = ({ plan, texts }: ReturnType<typeof planned>) =>
    plan.definition.containerDefinitions?.map(({ repositoryCredentials }) => {
      const [, index] = /:s-(\d+)$/.exec(repositoryCredentials?.credentialsParameter ?? '') ?? [];
      return index === undefined ? undefined : JSON.parse(texts[Number(index)] ?? '{}');
    });

  test('are the most precise that fit the image', () => {
    const containers = ['registry.example/team/app:1', 'registry.example/other', 'busybox'].map(
      (image, index) => aContainer({ name: `c${index}`, image }),
    );
    const made = planned(aSpec(containers, { registryCredentials }));
    expect(parameters(made)).toEqual([
      { username: 'team', password: 'p2' },
      { username: 'all', password: 'p1' },
      undefined,
    ]);
    expect(made.plan.shape.secrets).toHaveLength(2);
    expect(JSON.stringify(made.plan)).not.toMatch(/p1|p2/);
  });

  test('an image with a name that cannot be is refused as a kubelet does', () => {
    refused([aContainer({ image: 'Registry.example/UPPER' })], { registryCredentials }).toThrow(
      /must be lowercase/,
    );
  });
});

describe('refused', () => {
  test('one value larger than a stored secret', () => {
    refused([aContainer({ env: [secret('BIG', 'x'.repeat(66_000))] })]).toThrow(
      /secret value of BIG of main takes 66009 bytes.*65536/,
    );
  });

  test('more than a task takes', () => {
    const env = Array.from({ length: 9 }, (_none, index) =>
      secret(`V${index}`, String(index).repeat(40_000)),
    );
    refused([aContainer({ env })]).toThrow(/need 9 stored secrets/);
  });

  test('a value of a Secret in the arguments', () => {
    refused([aContainer({ args: ['--token=s3cret'], secretArguments: true })]).toThrow(
      expect.objectContaining({ kind: 'InvalidSpec', field: 'spec.containers[0].args' }),
    );
  });
});

test('what has no secrets stores nothing', () => {
  expect(planned(aSpec()).texts).toEqual([]);
});
