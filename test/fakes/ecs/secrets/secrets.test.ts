import type { ContainerDefinition } from '@aws-sdk/client-ecs';
import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { describe, expect, it } from 'vitest';
import { EcsStage, refusal } from '../testing/stage.ts';

const token = 'a'.repeat(32);
const role = 'arn:aws:iam::123456789012:role/execution';
const denied = /AccessDeniedException/;

/** With Secrets Manager of the same cloud. */
async function withSecrets(test: (stage: EcsStage, secrets: SecretsManager) => Promise<void>): Promise<void> {
  await using stage = await EcsStage.start();
  const { endpoint, credentials } = stage.fake;
  const secrets = new SecretsManager({ endpoint, credentials, region: 'us-east-1', maxAttempts: 1 });
  try {
    await test(stage, secrets);
  } finally {
    secrets.destroy();
  }
}

function store(secrets: SecretsManager, name = 'app/db', text = '{"user":"me","password":"s3cret"}') {
  return secrets.createSecret({ Name: name, SecretString: text, ClientRequestToken: token });
}

describe('CreateSecret', () => {
  it('gives the same answer to the same call, and refuses another under the name', () =>
    withSecrets(async (_stage, secrets) => {
      const { ARN, VersionId } = await store(secrets);
      expect(ARN).toMatch(/^arn:aws:secretsmanager:us-east-1:123456789012:secret:app\/db-\w{6}$/);
      expect(VersionId).toBe(token);
      expect((await store(secrets)).ARN).toBe(ARN);
      expect(await refusal(store(secrets, 'app/db', 'other'))).toMatch(
        /^ResourceExistsException: You can't use/,
      );
      const call = secrets.createSecret({ Name: 'app/db', SecretString: 'x' });
      expect(await refusal(call)).toBe(
        'ResourceExistsException: The operation failed because the secret app/db already exists.',
      );
    }));

  it.each([
    [{ Name: 'a b' }, /^InvalidParameterException: Invalid name/],
    [{ ClientRequestToken: 'short' }, /32-64/],
    [{ SecretString: undefined }, /SecretString/],
    [{ SecretString: 'x'.repeat(65_537) }, /^ValidationException.*65536/],
    [{ Tags: [{ Key: 'aws:x', Value: '' }] }, /reserved/],
  ])('refuses %j', (more, why) =>
    withSecrets(async (_stage, secrets) => {
      const whole = { Name: 'a', SecretString: 'x', ClientRequestToken: token };
      expect(await refusal(secrets.createSecret({ ...whole, ...more }))).toMatch(why);
    }),
  );
});

describe('DeleteSecret', () => {
  it('keeps the name until the deletion is done, and the next one has another ARN', () =>
    withSecrets(async (stage, secrets) => {
      stage.cloud.secrets.deletingMs = 1000;
      const { ARN = '' } = await store(secrets);
      const force = { SecretId: ARN, ForceDeleteWithoutRecovery: true };
      await secrets.deleteSecret(force);
      expect(await refusal(store(secrets))).toMatch(
        /^InvalidRequestException.*already scheduled for deletion/,
      );
      await stage.clock.advance(1000);
      expect((await store(secrets)).ARN).not.toBe(ARN);
      // The old one is gone for good, and to delete it again is no error.
      await secrets.deleteSecret(force);
      expect(stage.cloud.secrets.live()).toHaveLength(1);
    }));

  it('with a window shows the day, refuses to be read, and is not listed', () =>
    withSecrets(async (_stage, secrets) => {
      await store(secrets);
      await secrets.deleteSecret({ SecretId: 'app/db' });
      expect((await secrets.describeSecret({ SecretId: 'app/db' })).DeletedDate).toBeInstanceOf(Date);
      expect(await refusal(secrets.getSecretValue({ SecretId: 'app/db' }))).toMatch(/marked for deletion/);
      expect((await secrets.listSecrets({})).SecretList).toEqual([]);
      expect((await secrets.listSecrets({ IncludePlannedDeletion: true })).SecretList).toHaveLength(1);
      expect(await refusal(secrets.deleteSecret({ SecretId: 'app/db' }))).toMatch(/^InvalidRequestException/);
      expect(await refusal(secrets.deleteSecret({ SecretId: 'other' }))).toMatch(
        /^ResourceNotFoundException/,
      );
    }));
});

it('ListSecrets goes by the beginning of names and tags, page by page, and late', () =>
  withSecrets(async (stage, secrets) => {
    for (const name of ['x/1', 'x/2', 'x/3', 'y/1']) await store(secrets, name);
    const filter = { Filters: [{ Key: 'name' as const, Values: ['x/'] }], MaxResults: 2 };
    const first = await secrets.listSecrets(filter);
    const { NextToken } = first;
    const second = await secrets.listSecrets({ ...filter, NextToken });
    const names = [...(first.SecretList ?? []), ...(second.SecretList ?? [])].map(({ Name }) => Name);
    expect([names.toSorted(), second.NextToken]).toEqual([['x/1', 'x/2', 'x/3'], undefined]);
    stage.cloud.secrets.listLagMs = 300_000;
    expect((await secrets.listSecrets({})).SecretList).toEqual([]);
    await stage.clock.advance(300_000);
    expect((await secrets.listSecrets({})).SecretList).toHaveLength(4);
  }));

describe('a task with secrets', () => {
  async function started(stage: EcsStage, container: Partial<ContainerDefinition>): Promise<string> {
    const definition = await stage.define([container], { executionRoleArn: role });
    const { tasks = [] } = await stage.run(definition);
    await stage.pastStart();
    return tasks[0]?.taskArn ?? '';
  }

  it('needs an execution role, and names that its variables do not have', () =>
    withSecrets(async (stage) => {
      const secrets = [{ name: 'A', valueFrom: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:x' }];
      expect(await refusal(stage.define([{ secrets }]))).toMatch(/execution role/);
      const both = [{ secrets, environment: [{ name: 'A', value: '' }] }];
      expect(await refusal(stage.define(both, { executionRoleArn: role }))).toMatch(
        /secret name must be unique/,
      );
    }));

  it('starts when all that it refers to can be read', () =>
    withSecrets(async (stage, secrets) => {
      const { ARN } = await store(secrets);
      const pull = await store(secrets, 'pull', '{"username":"me","password":"s3cret"}');
      const arn = await started(stage, {
        secrets: [
          { name: 'ALL', valueFrom: ARN },
          { name: 'PASSWORD', valueFrom: `${ARN}:password::${token}` },
        ],
        repositoryCredentials: { credentialsParameter: pull.ARN },
      });
      expect(await stage.status(arn)).toBe('RUNNING');
    }));

  const missing =
    /^ResourceInitializationError: unable to pull secrets or registry auth: .*unable to retrieve secret from asm: .*failed to fetch secret arn:\S+ from secrets manager: /;

  it.each<
    [
      string,
      (arn: string, stage: EcsStage, secrets: SecretsManager) => Promise<Partial<ContainerDefinition>>,
      RegExp,
    ]
  >([
    [
      'a secret that is not there',
      async (arn) => ({ secrets: [{ name: 'A', valueFrom: `${arn.slice(0, -6)}abcdef` }] }),
      /ResourceNotFoundException: Secrets Manager can't find the specified secret\.$/,
    ],
    [
      'a key that is not there',
      async (arn) => ({ secrets: [{ name: 'A', valueFrom: `${arn}:nothing::` }] }),
      /did not contain json key nothing$/,
    ],
    [
      'a version that is not there',
      async (arn) => ({ secrets: [{ name: 'A', valueFrom: `${arn}:user::${'b'.repeat(32)}` }] }),
      /VersionId: b+$/,
    ],
    [
      'no permission',
      async (arn, stage) => {
        stage.cloud.secrets.readable = false;
        return { secrets: [{ name: 'A', valueFrom: `${arn}:user::` }] };
      },
      denied,
    ],
  ])('stops before it starts: %s', (_what, arrange, why) =>
    withSecrets(async (stage, secrets) => {
      const { ARN = '' } = await store(secrets);
      const arn = await started(stage, await arrange(ARN, stage, secrets));
      const task = await stage.task(arn);
      expect(task).toMatchObject({ lastStatus: 'STOPPED', stopCode: 'TaskFailedToStart' });
      expect(task?.stoppedReason).toMatch(missing);
      expect(task?.stoppedReason).toMatch(why);
      expect(task?.pullStartedAt).toBeUndefined();
    }),
  );

  it('stops for credentials of a registry that are none', () =>
    withSecrets(async (stage, secrets) => {
      const { ARN } = await store(secrets, 'pull', '{"username":"me"}');
      const arn = await started(stage, { repositoryCredentials: { credentialsParameter: ARN } });
      expect((await stage.task(arn))?.stoppedReason).toMatch(
        /unable to get registry auth from asm: .*no username and password$/,
      );
    }));
});
