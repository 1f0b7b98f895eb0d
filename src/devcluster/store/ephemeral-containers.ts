import { isDeepStrictEqual } from 'node:util';
import { forbiddenField, type StatusCause } from './api-error.ts';
import { type Json, record, records, text } from './json.ts';
import type { StoredObject } from './store.ts';

/** What a container that is only looked from must not have (pkg/apis/core/validation, allowedEphemeralContainerFields). */
const barred = [
  ...['ports', 'resources', 'resizePolicy', 'restartPolicy', 'restartPolicyRules', 'lifecycle'],
  ...['livenessProbe', 'readinessProbe', 'startupProbe'],
];

const at = 'spec.ephemeralContainers';

/** Rules beyond those of all containers (validateEphemeralContainers). */
export function validateEphemeralContainers(spec: Json): StatusCause[] {
  const targets = [...records(spec.containers), ...records(spec.initContainers)].map(({ name }) => name);
  return records(spec.ephemeralContainers).flatMap((container, index) => {
    const field = `${at}[${index}]`;
    const target = text(container.targetContainerName);
    return [
      ...(target === undefined || targets.includes(target)
        ? []
        : [
            {
              reason: 'FieldValueNotFound',
              message: `Not found: ${JSON.stringify(target)}`,
              field: `${field}.targetContainerName`,
            },
          ]),
      ...barred
        .filter((name) => isSet(container[name]))
        .map((name) => forbiddenField(`${field}.${name}`, 'cannot be set for an Ephemeral Container')),
      ...records(container.volumeMounts).flatMap((mount, place) =>
        ['subPath', 'subPathExpr']
          .filter((name) => text(mount[name]) !== undefined)
          .map((name) =>
            forbiddenField(
              `${field}.volumeMounts[${place}].${name}`,
              'cannot be set for an Ephemeral Container',
            ),
          ),
      ),
    ];
  });
}

/** Texts, lists and objects that are empty say nothing. */
function isSet(value: unknown): boolean {
  return Object.keys(Object(value ?? '')).length > 0;
}

/** Those that are there stay as they are; their order is free (ValidatePodEphemeralContainersUpdate). */
export function validateEphemeralContainersUpdate(
  next: StoredObject,
  live: Readonly<StoredObject>,
): StatusCause[] {
  const wanted = records(record(next.spec).ephemeralContainers);
  return records(record(live.spec).ephemeralContainers).flatMap((known) => {
    const kept = wanted.find(({ name }) => name === known.name);
    if (isDeepStrictEqual(kept, known)) return [];
    const what = kept === undefined ? 'removed' : 'changed';
    return [forbiddenField(at, `existing ephemeral containers "${String(known.name)}" may not be ${what}`)];
  });
}
