import { isDeepStrictEqual } from 'node:util';
import {
  duplicateValue,
  forbiddenField,
  invalidValue,
  required,
  type StatusCause,
  unsupportedValue,
} from './api-error.ts';
import { isRecord, type Json, record, records, text } from './json.ts';
import { quantityValue } from './qos.ts';
import type { StoredObject } from './store.ts';

const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const labelRule =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

/** The essential rules of k8s.io/kubernetes pkg/apis/core/validation for a Pod's or a template's spec, after defaulting. */
export function validatePodSpec(spec: unknown, at: string): StatusCause[] {
  if (!isRecord(spec)) return [required(at)];
  const causes: StatusCause[] = [];
  const volumes = new Set<string>();
  records(spec.volumes).forEach((volume, index) => {
    causes.push(...validateName(volume, `${at}.volumes[${index}]`, volumes));
  });
  if (records(spec.containers).length === 0) causes.push(required(`${at}.containers`));
  const names = new Set<string>();
  for (const list of ['containers', 'initContainers', 'ephemeralContainers']) {
    records(spec[list]).forEach((container, index) => {
      causes.push(...validateContainer(container, `${at}.${list}[${index}]`, names, volumes));
    });
  }
  causes.push(...oneOf(`${at}.restartPolicy`, spec.restartPolicy, ['Always', 'OnFailure', 'Never']));
  const dnsPolicies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
  causes.push(...oneOf(`${at}.dnsPolicy`, spec.dnsPolicy, dnsPolicies));
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined && !(Number.isInteger(deadline) && Number(deadline) >= 1)) {
    causes.push(
      invalidValue(`${at}.activeDeadlineSeconds`, deadline, 'must be between 1 and 2147483647, inclusive'),
    );
  }
  return causes;
}

function oneOf(field: string, value: unknown, supported: readonly string[]): StatusCause[] {
  return typeof value === 'string' && supported.includes(value)
    ? []
    : [unsupportedValue(field, value, supported)];
}

function validateName(item: Json, at: string, taken: Set<string>): StatusCause[] {
  const name = text(item.name);
  if (name === undefined) return [required(`${at}.name`)];
  if (!label.test(name)) return [invalidValue(`${at}.name`, name, labelRule)];
  if (taken.has(name)) return [duplicateValue(`${at}.name`, name)];
  taken.add(name);
  return [];
}

function validateContainer(
  container: Json,
  at: string,
  names: Set<string>,
  volumes: ReadonlySet<string>,
): StatusCause[] {
  const causes = validateName(container, at, names);
  if (text(container.image) === undefined) causes.push(required(`${at}.image`));
  causes.push(
    ...oneOf(`${at}.imagePullPolicy`, container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never']),
  );
  records(container.volumeMounts).forEach((mount, index) => {
    const field = `${at}.volumeMounts[${index}]`;
    const volume = text(mount.name);
    if (volume === undefined) causes.push(required(`${field}.name`));
    else if (!volumes.has(volume)) {
      causes.push({
        reason: 'FieldValueNotFound',
        message: `Not found: "${volume}"`,
        field: `${field}.name`,
      });
    }
    if (text(mount.mountPath) === undefined) causes.push(required(`${field}.mountPath`));
  });
  records(container.env).forEach((variable, index) => {
    if (text(variable.name) === undefined) causes.push(required(`${at}.env[${index}].name`));
  });
  records(container.ports).forEach((port, index) => {
    const number = port.containerPort;
    const field = `${at}.ports[${index}].containerPort`;
    if (number === undefined) causes.push(required(field));
    else if (!isPort(number))
      causes.push(invalidValue(field, number, 'must be between 1 and 65535, inclusive'));
  });
  const resources = record(container.resources);
  for (const list of ['limits', 'requests']) {
    for (const [name, quantity] of Object.entries(record(resources[list]))) {
      const value = quantityValue(quantity);
      const field = `${at}.resources.${list}[${name}]`;
      if (value === undefined) {
        causes.push(
          invalidValue(
            field,
            quantity,
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
          ),
        );
      } else if (value < 0) causes.push(invalidValue(field, quantity, 'must be greater than or equal to 0'));
      const limit = quantityValue(record(resources.limits)[name]);
      if (list === 'requests' && value !== undefined && limit !== undefined && value > limit) {
        const why = `must be less than or equal to ${name} limit of ${String(record(resources.limits)[name])}`;
        causes.push(invalidValue(`${at}.resources.requests`, quantity, why));
      }
    }
  }
  return causes;
}

export function isPort(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65535;
}

/** ValidatePodUpdate: what of a Pod's spec may change. */
export function validatePodSpecUpdate(next: StoredObject, live: Readonly<StoredObject>): StatusCause[] {
  if (next.spec === live.spec || isDeepStrictEqual(next.spec, live.spec)) return [];
  const before = record(live.spec);
  const after = record(next.spec);
  const causes: StatusCause[] = [];
  const known = records(before.tolerations).map(withoutSeconds);
  const kept = records(after.tolerations).map(withoutSeconds);
  if (!known.every((toleration) => kept.some((one) => isDeepStrictEqual(one, toleration)))) {
    causes.push(
      forbiddenField(
        'spec.tolerations',
        'existing toleration can not be modified except its tolerationSeconds',
      ),
    );
  }
  if (!isDeepStrictEqual(fixedPart(after), fixedPart(before))) {
    causes.push(
      forbiddenField(
        'spec',
        'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
      ),
    );
  }
  return causes;
}

function withoutSeconds({ tolerationSeconds: _seconds, ...toleration }: Json): Json {
  return toleration;
}

function fixedPart(spec: Json): Json {
  const {
    activeDeadlineSeconds: _deadline,
    tolerations: _tolerations,
    schedulingGates: _gates,
    ...fixed
  } = spec;
  for (const list of ['containers', 'initContainers']) {
    if (fixed[list] !== undefined)
      fixed[list] = records(fixed[list]).map(({ image: _image, ...rest }) => rest);
  }
  return fixed;
}

/** ValidatePodStatusUpdate, ValidateContainerStateTransition: an ended container stays ended when it may not restart. */
export function validatePodStatus(next: StoredObject, live: Readonly<StoredObject>): StatusCause[] {
  const policy = record(live.spec).restartPolicy;
  const mayRestart = (ended: Json): boolean =>
    policy === 'Always' || (policy === 'OnFailure' && ended.exitCode !== 0);
  return [
    ...revivals(next, live, 'containerStatuses', mayRestart),
    ...revivals(next, live, 'ephemeralContainerStatuses', () => false),
  ];
}

function revivals(
  next: StoredObject,
  live: Readonly<StoredObject>,
  list: 'containerStatuses' | 'ephemeralContainerStatuses',
  mayRestart: (ended: Json) => boolean,
): StatusCause[] {
  const before = records(record(live.status)[list]);
  return records(record(next.status)[list]).flatMap((status, index) => {
    const ended = record(before.find((one) => one.name === status.name)?.state).terminated;
    if (!isRecord(ended) || mayRestart(ended) || record(status.state).terminated !== undefined) return [];
    return [
      forbiddenField(`status.${list}[${index}].state`, 'may not be transitioned to non-terminated state'),
    ];
  });
}
