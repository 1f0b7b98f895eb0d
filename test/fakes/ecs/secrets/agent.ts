import type { ContainerDefinition } from '@aws-sdk/client-ecs';
import { ServiceError } from '../door/service-error.ts';
import type { StoredSecrets } from './stored-secrets.ts';

/** `arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME[:KEY:STAGE:VERSION]` */
interface Reference {
  readonly arn: string;
  readonly key: string;
  readonly version: string | undefined;
}

const trouble =
  'ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed';

/** What the agent of Fargate does with the secrets of a task: it reads them with the execution role before anything starts. */
export class SecretAgent {
  readonly #secrets: StoredSecrets;

  constructor(secrets: StoredSecrets) {
    this.#secrets = secrets;
  }

  /** Why the task cannot start, as in `stoppedReason`; undefined = it has all it needs. */
  objection(containers: readonly ContainerDefinition[]): string | undefined {
    for (const { secrets = [], repositoryCredentials } of containers) {
      for (const { valueFrom = '' } of secrets)
        try {
          this.#value(valueFrom);
        } catch (error) {
          const { arn } = referenceOf(valueFrom);
          return `${trouble}: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret ${arn} from secrets manager: ${said(error)}`;
        }
      const arn = repositoryCredentials?.credentialsParameter;
      if (arn === undefined) continue;
      try {
        const { username, password } = JSON.parse(this.#read({ arn, key: '', version: undefined }));
        if (typeof username !== 'string' || typeof password !== 'string')
          throw new Error('no username and password');
      } catch (error) {
        return `${trouble}: unable to get registry auth from asm: service call has been retried 1 time(s): asm fetching secret from the service for ${arn}: ${said(error)}`;
      }
    }
    return undefined;
  }

  /** The variables that come from secrets, as far as they can be had. */
  variables({ secrets = [] }: ContainerDefinition): Record<string, string> {
    return Object.fromEntries(
      secrets.flatMap(({ name = '', valueFrom = '' }) => {
        try {
          return [[name, this.#value(valueFrom)]];
        } catch {
          return [];
        }
      }),
    );
  }

  #value(valueFrom: string): string {
    const reference = referenceOf(valueFrom);
    const text = this.#read(reference);
    if (reference.key === '') return text;
    const values: Record<string, unknown> = JSON.parse(text);
    if (!Object.hasOwn(values, reference.key))
      throw new Error(`retrieved secret from Secrets Manager did not contain json key ${reference.key}`);
    return String(values[reference.key]);
  }

  #read({ arn, version }: Reference): string {
    if (!this.#secrets.readable)
      throw new ServiceError(
        'AccessDeniedException',
        `User: arn:aws:sts::123456789012:assumed-role/burstlet-execution/task is not authorized to perform: secretsmanager:GetSecretValue on resource: ${arn} because no identity-based policy allows the secretsmanager:GetSecretValue action`,
      );
    return this.#secrets.read(arn, version).text;
  }
}

/** ARNs of all that these containers refer to. */
export function secretsOf(containers: readonly ContainerDefinition[]): string[] {
  return containers.flatMap(({ secrets = [], repositoryCredentials }) => [
    ...secrets.map(({ valueFrom = '' }) => referenceOf(valueFrom).arn),
    ...(repositoryCredentials?.credentialsParameter ? [repositoryCredentials.credentialsParameter] : []),
  ]);
}

function referenceOf(valueFrom: string): Reference {
  const parts = valueFrom.split(':');
  return { arn: parts.slice(0, 7).join(':'), key: parts[7] ?? '', version: parts[9] || undefined };
}

function said(error: unknown): string {
  if (error instanceof ServiceError) return `${error.code}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}
