import type { InstanceSpec } from '../../contract/index.ts';

/** Shorter ones would blacken every text, and hide nothing. */
const shortest = 4;

/** A text of the vendor, who may quote what it did not like of a request, without what is secret in that. */
export function withoutSecrets(text: string, spec: InstanceSpec): string {
  const containers = [...spec.initContainers, ...spec.containers];
  const values = [
    ...containers.flatMap(({ env }) => env.flatMap(({ value, secret }) => (secret ? [value] : []))),
    ...spec.registryCredentials.map(({ password }) => password),
    ...spec.volumes.flatMap((volume) =>
      volume.kind === 'files'
        ? volume.files.flatMap(({ content, secret }) =>
            secret ? [Buffer.from(content).toString(), Buffer.from(content).toString('base64')] : [],
          )
        : [],
    ),
  ];
  return values
    .filter((value) => value.length >= shortest)
    .reduce((clean, value) => clean.replaceAll(value, '***'), text);
}
