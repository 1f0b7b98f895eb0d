import type {
  CreateSecretRequest,
  DeleteSecretRequest,
  DescribeSecretRequest,
  Filter,
  GetSecretValueRequest,
  ListSecretsRequest,
} from '@aws-sdk/client-secrets-manager';
import type { FakeSecret, StoredSecrets } from '../secrets/stored-secrets.ts';
import { checkTags } from '../tasks/validate-tags.ts';
import { type Action, action } from './action.ts';
import { pageOf } from './paging.ts';

export function secretActions(secrets: StoredSecrets): Record<string, Action> {
  return {
    CreateSecret: action((request: CreateSecretRequest) => {
      checkTags(request.Tags?.map(({ Key, Value }) => ({ key: Key, value: Value })));
      const { arn, name } = secrets.create(request);
      return { ARN: arn, Name: name, VersionId: request.ClientRequestToken };
    }),
    DescribeSecret: action(({ SecretId }: DescribeSecretRequest) => {
      const secret = secrets.find(SecretId);
      const versions = [...secret.versions.keys()];
      return {
        ...described(secret),
        VersionIdsToStages: Object.fromEntries(
          versions.map((id) => [id, [id === versions.at(-1) ? 'AWSCURRENT' : 'AWSPREVIOUS']]),
        ),
      };
    }),
    GetSecretValue: action(({ SecretId = '', VersionId }: GetSecretValueRequest) => {
      const { secret, version, text } = secrets.read(SecretId, VersionId);
      return { ARN: secret.arn, Name: secret.name, VersionId: version, SecretString: text };
    }),
    DeleteSecret: action((request: DeleteSecretRequest) => {
      const { arn, name, at } = secrets.delete(request);
      return { ARN: arn, Name: name, DeletionDate: new Date(at) };
    }),
    ListSecrets: action((request: ListSecretsRequest) => {
      const found = new Map(
        secrets
          .listed(request.IncludePlannedDeletion === true)
          .filter((secret) => (request.Filters ?? []).every((filter) => fits(secret, filter)))
          .map((secret) => [secret.arn, secret]),
      );
      const { items, nextToken } = pageOf([...found.keys()], request.MaxResults, request.NextToken);
      const list = items.flatMap((arn) => {
        const secret = found.get(arn);
        return secret === undefined ? [] : [described(secret)];
      });
      return { SecretList: list, NextToken: nextToken };
    }),
  };
}

/** All filters of a request count; of the values of one, any. They match from the beginning. */
function fits({ name, tags }: FakeSecret, { Key, Values = [] }: Filter): boolean {
  const starts = (text = ''): boolean => Values.some((value) => text.startsWith(value));
  if (Key === 'name') return starts(name);
  if (Key === 'tag-key') return tags.some((tag) => starts(tag.Key));
  if (Key === 'tag-value') return tags.some((tag) => starts(tag.Value));
  return true;
}

function described({ arn, name, tags, createdAt, deletedAt }: FakeSecret): object {
  return {
    ARN: arn,
    Name: name,
    Tags: tags,
    CreatedDate: new Date(createdAt),
    ...(deletedAt !== undefined && { DeletedDate: new Date(deletedAt) }),
  };
}
