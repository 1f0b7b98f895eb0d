import type { EnvVar } from '../../providers/contract/index.ts';
import type { Container, Pod } from '../kube/types.ts';
import { type Downward, fieldForVariable, resourceAmount } from './downward.ts';
import { expand, expandedNames } from './expansion.ts';
import type { Issues } from './issues.ts';
import { own } from './own.ts';
import { findContainer, type PlacedContainer } from './placed-container.ts';
import type { References, ResolveContext } from './references.ts';
import { secretText } from './secret-data.ts';
import { serviceEnv } from './service-env.ts';

export interface ResolveInput {
  readonly pod: Pod;
  readonly refs: References;
  readonly context: ResolveContext;
  readonly issues: Issues;
}

type Variables = ReadonlyMap<string, EnvVar>;
type Source = NonNullable<NonNullable<Container['env']>[number]['valueFrom']>;

/**
 * The variables of one container in the kubelet's order of precedence (kubelet_pods.go, makeEnvironmentVariables):
 * envFrom, then env, whose values may refer to what was resolved before them and to the service variables; then the
 * service variables that nothing has overridden.
 */
export function containerEnv(placed: PlacedContainer, input: ResolveInput): Variables {
  const { pod, refs } = input;
  const links = serviceEnv(
    refs.services,
    pod.metadata?.namespace ?? '',
    pod.spec?.enableServiceLinks !== false,
  );
  const variables = new Map<string, EnvVar>();
  addFromObjects(placed, input, variables);
  for (const [index, { name, value, valueFrom }] of (placed.container.env ?? []).entries()) {
    const field = `${placed.path}.env[${index}]`;
    if (value || valueFrom === undefined) {
      const lookup = (other: string): EnvVar | undefined => variables.get(other) ?? plain(other, links);
      variables.set(name, expandVariable(name, value ?? '', lookup));
    } else {
      const resolved = fromSource(name, valueFrom, field, placed, input);
      if (resolved !== undefined) variables.set(name, resolved);
    }
  }
  for (const [name, value] of links)
    if (!variables.has(name)) variables.set(name, { name, value, secret: false });
  return variables;
}

/** Command and arguments, expanded with all variables of the container. */
export function expandAll(texts: readonly string[], variables: Variables): string[] {
  return texts.map((text) => expand(text, (name) => variables.get(name)?.value));
}

/** Whether {@link expandAll} writes a secret into one of them. */
export function takeSecrets(texts: readonly string[], variables: Variables): boolean {
  return texts.flatMap(expandedNames).some((name) => variables.get(name)?.secret === true);
}

function plain(name: string, links: ReadonlyMap<string, string>): EnvVar | undefined {
  const value = links.get(name);
  return value === undefined ? undefined : { name, value, secret: false };
}

/** A value that a secret went into is a secret. */
function expandVariable(name: string, text: string, lookup: (name: string) => EnvVar | undefined): EnvVar {
  return {
    name,
    value: expand(text, (other) => lookup(other)?.value),
    secret: expandedNames(text).some((other) => lookup(other)?.secret === true),
  };
}

function addFromObjects(
  { container, path }: PlacedContainer,
  { pod, refs, issues }: ResolveInput,
  variables: Map<string, EnvVar>,
): void {
  const namespace = pod.metadata?.namespace ?? '';
  for (const [index, { prefix = '', configMapRef, secretRef }] of (container.envFrom ?? []).entries()) {
    const ref = configMapRef ?? secretRef;
    const name = ref?.name ?? '';
    const kind = configMapRef === undefined ? 'Secret' : 'ConfigMap';
    const data = kind === 'Secret' ? secretText(refs.secrets.get(name)) : configMapText(refs, name);
    if (data === undefined) {
      const field = `${path}.envFrom[${index}].${kind === 'Secret' ? 'secretRef' : 'configMapRef'}`;
      if (ref?.optional !== true)
        issues.missing.push({
          ...{ kind, namespace, name, field, container: container.name },
          reason: 'CreateContainerConfigError',
          message: `${kind.toLowerCase()} "${name}" not found`,
        });
      continue;
    }
    for (const [key, value] of Object.entries(data)) {
      const variable = `${prefix}${key}`;
      // What is no name of a variable cannot be handed to a process.
      if (!/^[^=\0]+$/.test(variable)) continue;
      variables.set(variable, { name: variable, value, secret: kind === 'Secret' });
    }
  }
}

/** Undefined = the variable is left out. */
function fromSource(
  name: string,
  source: Source,
  field: string,
  placed: PlacedContainer,
  input: ResolveInput,
): EnvVar | undefined {
  const { pod, context, issues } = input;
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = source;
  const place = { field, container: placed.container.name };
  if (configMapKeyRef !== undefined) return fromKey(name, 'ConfigMap', configMapKeyRef, place, input);
  if (secretKeyRef !== undefined) return fromKey(name, 'Secret', secretKeyRef, place, input);
  let found: Downward;
  let at: string;
  if (fieldRef !== undefined) {
    at = `${field}.valueFrom.fieldRef.fieldPath`;
    found = fieldForVariable(pod, fieldRef.fieldPath, context);
  } else if (resourceFieldRef !== undefined) {
    at = `${field}.valueFrom.resourceFieldRef`;
    const container = findContainer(pod, resourceFieldRef.containerName) ?? placed.container;
    found = resourceAmount(container, resourceFieldRef, context.allocatable);
  } else {
    at = `${field}.valueFrom`;
    found = { problem: 'this source of a value is not known' };
  }
  if ('value' in found) return { name, value: found.value, secret: false };
  issues.addInvalid(at, found.problem);
  return undefined;
}

interface KeyReference {
  readonly name?: string;
  readonly key: string;
  readonly optional?: boolean;
}

function fromKey(
  variable: string,
  kind: 'ConfigMap' | 'Secret',
  { name = '', key, optional = false }: KeyReference,
  { field, container }: { readonly field: string; readonly container: string },
  { pod, refs, issues }: ResolveInput,
): EnvVar | undefined {
  const namespace = pod.metadata?.namespace ?? '';
  const data = kind === 'Secret' ? secretText(refs.secrets.get(name)) : configMapText(refs, name);
  const value = own(data, key);
  if (value !== undefined) return { name: variable, value, secret: kind === 'Secret' };
  if (optional) return undefined;
  issues.missing.push({
    ...{ kind, namespace, name, container },
    field: `${field}.valueFrom.${kind === 'Secret' ? 'secretKeyRef' : 'configMapKeyRef'}`,
    reason: 'CreateContainerConfigError',
    message:
      data === undefined
        ? `${kind.toLowerCase()} "${name}" not found`
        : `couldn't find key ${key} in ${kind} ${namespace}/${name}`,
  });
  return undefined;
}

function configMapText(refs: References, name: string): Readonly<Record<string, string>> | undefined {
  const found = refs.configMaps.get(name);
  return found === undefined ? undefined : (found.data ?? {});
}
