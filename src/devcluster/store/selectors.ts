import { badRequest } from './api-error.ts';
import { record } from './json.ts';
import type { ServedResource } from './resource-table.ts';
import type { StoredObject } from './store.ts';

export type Predicate = (object: Readonly<StoredObject>) => boolean;

const requirement =
  /^\s*(?:(!)\s*([^\s!=,()]+)|([^\s!=,()]+)(?:\s*(==|=|!=)\s*([^\s=,()]*)|\s+(in|notin)\s*\(([^()]*)\))?)\s*(?:,|$)/;

/** `a=b,c!=d,e in (x,y),f notin (z),g,!h` as one predicate; undefined when it selects everything. */
export function labelPredicate(selector: string): Predicate | undefined {
  const tests: ((labels: Record<string, unknown>) => boolean)[] = [];
  for (let rest = selector.trim(); rest !== ''; ) {
    const match = requirement.exec(rest);
    if (match === null) throw badRequest(`unable to parse requirement: found ${JSON.stringify(rest)}`);
    const [whole, not, absent = '', key = '', operator, value = '', word, list = ''] = match;
    rest = rest.slice(whole.length);
    if (not !== undefined) tests.push((labels) => labels[absent] === undefined);
    else if (word !== undefined) {
      const values = new Set(list.split(',').map((item) => item.trim()));
      const wanted = word === 'in';
      tests.push((labels) => (labels[key] !== undefined && values.has(String(labels[key]))) === wanted);
    } else if (operator === undefined) tests.push((labels) => labels[key] !== undefined);
    else if (operator === '!=') tests.push((labels) => labels[key] !== value);
    else tests.push((labels) => labels[key] === value);
  }
  if (tests.length === 0) return undefined;
  return (object) => {
    const labels = object.metadata.labels ?? {};
    return tests.every((test) => test(labels));
  };
}

/** What each kind can be selected by besides metadata.name and metadata.namespace, with the value of an absent field. */
const selectableFields: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  pods: {
    'spec.nodeName': '',
    'spec.restartPolicy': '',
    'spec.schedulerName': '',
    'spec.serviceAccountName': '',
    'spec.hostNetwork': 'false',
    'status.phase': '',
    'status.podIP': '',
    'status.nominatedNodeName': '',
  },
  events: {
    'involvedObject.kind': '',
    'involvedObject.namespace': '',
    'involvedObject.name': '',
    'involvedObject.uid': '',
    'involvedObject.apiVersion': '',
    'involvedObject.resourceVersion': '',
    'involvedObject.fieldPath': '',
    reason: '',
    reportingComponent: '',
    'source.component': '',
    type: '',
  },
  namespaces: { 'status.phase': '' },
  nodes: { 'spec.unschedulable': 'false' },
  secrets: { type: '' },
  'replicasets.apps': { 'status.replicas': '0' },
  'jobs.batch': { 'status.successful': '0' },
};

/** `spec.nodeName=a,status.phase!=Running` as one predicate; undefined when it selects everything. */
export function fieldPredicate(selector: string, resource: ServedResource): Predicate | undefined {
  const terms = selector.split(',').filter((term) => term.trim() !== '');
  if (terms.length === 0) return undefined;
  const tests = terms.map((term) => {
    const match = /^\s*([^=!\s]+)\s*(==|=|!=)\s*(.*?)\s*$/.exec(term);
    if (match === null)
      throw badRequest(`invalid field selector: ${JSON.stringify(term)}: expected field=value`);
    const [, field = '', operator, value = ''] = match;
    const read = reader(field, resource);
    if (read === undefined) throw badRequest(`field label not supported: ${field}`);
    return operator === '!=' ? (one: object) => read(one) !== value : (one: object) => read(one) === value;
  });
  return (object) => tests.every((test) => test(object));
}

function reader(field: string, resource: ServedResource): ((object: object) => string) | undefined {
  const own = field === 'metadata.name' || (field === 'metadata.namespace' && resource.namespaced);
  const absent = own ? '' : selectableFields[resource.storedAs]?.[field];
  if (absent === undefined) return undefined;
  const path = field.split('.');
  return (object) => {
    let value: unknown = object;
    for (const step of path) value = record(value)[step];
    return value === undefined || value === null ? absent : String(value);
  };
}
