import type { Secret } from '@aws-sdk/client-ecs';
import { ProviderError, type RegistryCredential } from '../../contract/index.ts';
import type { Draft } from '../definition/draft.ts';

/** Of one secret at Secrets Manager, JSON included (reference_limits.html, "Secret value size"). */
const mostBytes = 65_536;
/** Of one task. More would still be allowed; variables of half a megabyte are enough. */
const mostTexts = 8;

/** The secret values of one task as texts to be stored, each a JSON object; and where in them a value is. */
export interface Stowage {
  readonly texts: readonly string[];
  readonly places: ReadonlyMap<string, { readonly text: string; readonly key: string }>;
}

/** A text that is stored. */
export interface StoredText {
  readonly arn: string;
  readonly version: string;
}

/**
 * What of these containers has to be stored, the same for every Pod with the same values. ECS reads single keys of a JSON
 * object, so values share a text as long as there is room; credentials of a registry need one of their own. Throws
 * InvalidSpec when the values are too large.
 */
export function stow(drafts: readonly Draft[]): Stowage {
  const places = new Map<string, { text: string; key: string }>();
  const values = new Map<string, string>();
  for (const { definition, environment } of drafts)
    for (const { name, value, secret } of environment)
      if (secret && !values.has(value)) values.set(value, `${name} of ${definition.name}`);
  let open: string[] = [];
  const texts: string[] = [];
  const close = (): void => {
    if (open.length === 0) return;
    const text = textOf(open);
    for (const [index, value] of open.entries()) places.set(value, { text, key: keyOf(index) });
    texts.push(text);
    open = [];
  };
  for (const [value, whose] of values) {
    if (bytesOf([value]) > mostBytes)
      throw new ProviderError(
        'InvalidSpec',
        `the secret value of ${whose} takes ${bytesOf([value])} bytes as JSON; a stored secret takes ${mostBytes}. Mount it as a file`,
        { field: 'spec.containers' },
      );
    if (bytesOf([...open, value]) > mostBytes) close();
    open.push(value);
  }
  close();
  for (const { credential } of drafts) {
    const text = credential && credentialText(credential);
    if (text !== undefined && !texts.includes(text)) texts.push(text);
  }
  if (texts.length > mostTexts)
    throw new ProviderError(
      'InvalidSpec',
      `values of Secrets of this Pod need ${texts.length} stored secrets of ${mostBytes} bytes; a task takes ${mostTexts} (compressed files and credentials included). Let the program fetch them, with taskRoleArn`,
      { field: 'spec' },
    );
  return { texts, places };
}

/** The containers with references in the place of what is stored: nothing in them is secret any more. */
export function withReferences(
  drafts: readonly Draft[],
  { places }: Stowage,
  stored: (text: string) => StoredText,
): Draft[] {
  const valueFrom = (value: string): string => {
    const place = places.get(value);
    if (place === undefined) throw new Error('a secret value was not stowed');
    const { arn, version } = stored(place.text);
    // secrets-envvar-secrets-manager.html: key, stage and version behind the ARN; one of the last two is left out.
    return `${arn}:${place.key}::${version}`;
  };
  return drafts.map((draft) => {
    const secrets = draft.environment
      .filter(({ secret }) => secret)
      .map(({ name, value }): Secret => ({ name, valueFrom: valueFrom(value) }));
    const { credential } = draft;
    return {
      ...draft,
      definition: {
        ...draft.definition,
        ...(secrets.length > 0 && { secrets }),
        ...(credential && {
          repositoryCredentials: { credentialsParameter: stored(credentialText(credential)).arn },
        }),
      },
      environment: draft.environment.filter(({ secret }) => !secret),
    };
  });
}

function textOf(values: readonly string[]): string {
  return JSON.stringify(Object.fromEntries(values.map((value, index) => [keyOf(index), value])));
}

function bytesOf(values: readonly string[]): number {
  return Buffer.byteLength(textOf(values));
}

/** Names of variables would not do: they may hold a colon, and one value may have several. */
function keyOf(index: number): string {
  return `v${index}`;
}

/** As private-auth.html wants it. */
function credentialText({ username, password }: RegistryCredential): string {
  return JSON.stringify({ username, password });
}
