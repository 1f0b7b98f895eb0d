import { forbiddenField, invalidValue, required, type StatusCause } from './api-error.ts';
import { isRecord } from './json.ts';
import type { ServedResource } from './resource-table.ts';
import type { StoredObject } from './store.ts';

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomain = `${label}(\\.${label})*`;
const alphanumericEnds = "must consist of lower case alphanumeric characters or '-', and must start and end";

const nameRules = {
  subdomain: {
    pattern: new RegExp(`^${subdomain}$`),
    max: 253,
    why: `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${subdomain}')`,
  },
  label: {
    pattern: new RegExp(`^${label}$`),
    max: 63,
    why: `a lowercase RFC 1123 label ${alphanumericEnds} with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${label}')`,
  },
  service: {
    pattern: /^[a-z]([-a-z0-9]*[a-z0-9])?$/,
    max: 63,
    why: `a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')`,
  },
  path: { pattern: /^(?!\.{1,2}$)[^/%]+$/, max: 253, why: "may not contain '/' or '%'" },
};

/** The group and kind decide what a name may look like (each kind's ValidateName). */
function nameRuleOf(resource: ServedResource): (typeof nameRules)['subdomain'] {
  if (resource.group === 'rbac.authorization.k8s.io') return nameRules.path;
  if (resource.id === 'namespaces') return nameRules.label;
  return resource.id === 'services' ? nameRules.service : nameRules.subdomain;
}

const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const keyName = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const maxAnnotationBytes = 256 * 1024;

export function checkMeta(object: StoredObject, resource: ServedResource): StatusCause[] {
  const { name, labels, annotations } = object.metadata;
  const causes: StatusCause[] = [];
  const rule = nameRuleOf(resource);
  if (typeof name !== 'string' || name === '') {
    causes.push(required('metadata.name', 'name or generateName is required'));
  } else if (name.length > rule.max) {
    causes.push(invalidValue('metadata.name', name, `must be no more than ${rule.max} characters`));
  } else if (!rule.pattern.test(name)) {
    causes.push(invalidValue('metadata.name', name, rule.why));
  }
  causes.push(...checkLabels('metadata.labels', labels));
  if (annotations !== undefined) {
    for (const key of Object.keys(annotations)) causes.push(...checkKey('metadata.annotations', key));
    const bytes = Object.entries(annotations).reduce(
      (sum, [key, value]) => sum + key.length + String(value).length,
      0,
    );
    if (bytes > maxAnnotationBytes) {
      const message = `Too long: may not be more than ${maxAnnotationBytes} bytes`;
      causes.push({ reason: 'FieldValueTooLong', message, field: 'metadata.annotations' });
    }
  }
  return causes;
}

function checkLabels(field: string, labels: unknown): StatusCause[] {
  if (labels === undefined) return [];
  if (!isRecord(labels)) return [invalidValue(field, labels, 'must be an object')];
  return Object.entries(labels).flatMap(([key, value]) => {
    const causes = checkKey(field, key);
    if (typeof value !== 'string' || value.length > 63 || !labelValue.test(value)) {
      const why = `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`;
      causes.push(invalidValue(field, value, why));
    }
    return causes;
  });
}

function checkKey(field: string, key: string): StatusCause[] {
  const slash = key.indexOf('/');
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  const name = key.slice(slash + 1);
  const prefixFits =
    prefix === undefined || (prefix.length <= 253 && nameRules.subdomain.pattern.test(prefix.toLowerCase()));
  if (prefixFits && name.length <= 63 && keyName.test(name)) return [];
  const why = `name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`;
  return [invalidValue(field, key, why)];
}

/** k8s.io/apimachinery pkg/api/validation ValidateObjectMetaUpdate, where the store itself does not see to it. */
export function checkMetaUpdate(next: StoredObject, live: Readonly<StoredObject>): StatusCause[] {
  if (live.metadata.deletionTimestamp === undefined) return [];
  const known = live.metadata.finalizers ?? [];
  const added = (next.metadata.finalizers ?? []).filter((name) => !known.includes(name));
  if (added.length === 0) return [];
  const list = added.map((name) => `"${name}"`).join(', ');
  const why = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`;
  return [forbiddenField('metadata.finalizers', why)];
}
