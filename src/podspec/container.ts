import type { ContainerSpec, EnvVar, Mount, Resources, RestartRule } from '../../providers/contract/index.ts';
import { QuantityError } from '../kube/quantity.ts';
import { resolveHook, resolveProbe } from './checks.ts';
import { containerEnv, expandAll, type ResolveInput, takeSecrets } from './env.ts';
import { expand } from './expansion.ts';
import type { PlacedContainer } from './placed-container.ts';
import { containerRequests } from './pod-resources.ts';
import { parseResources, toResources } from './resources.ts';
import { containerSecurity } from './security.ts';

/** One container with everything in it resolved; what cannot be is in the issues of the input. */
export function resolveContainer(
  placed: PlacedContainer,
  readOnlyVolumes: ReadonlySet<string>,
  input: ResolveInput,
): ContainerSpec {
  const { container, path } = placed;
  const { pod, issues } = input;
  const place = { container, path, issues };
  const variables = containerEnv(placed, input);
  const { command, args, workingDir, lifecycle, restartPolicy } = container;
  const startupProbe = resolveProbe(container.startupProbe, 'startupProbe', place);
  const readinessProbe = resolveProbe(container.readinessProbe, 'readinessProbe', place);
  const livenessProbe = resolveProbe(container.livenessProbe, 'livenessProbe', place);
  const postStart = resolveHook(lifecycle?.postStart, 'postStart', place);
  const preStop = resolveHook(lifecycle?.preStop, 'preStop', place);
  return {
    name: container.name,
    image: container.image ?? '',
    imagePullPolicy: pullPolicy(container.imagePullPolicy),
    ...(command === undefined || command.length === 0 ? {} : { command: expandAll(command, variables) }),
    ...(args === undefined || args.length === 0 ? {} : { args: expandAll(args, variables) }),
    ...(takeSecrets([...(command ?? []), ...(args ?? [])], variables) && { secretArguments: true }),
    ...(workingDir ? { workingDir } : {}),
    env: [...variables.values()],
    ports: (container.ports ?? []).map(({ name, containerPort, protocol }) => ({
      ...(name ? { name } : {}),
      containerPort,
      protocol: protocol === 'UDP' || protocol === 'SCTP' ? protocol : 'TCP',
    })),
    ...amounts(placed, input),
    mounts: mountsOf(placed, variables, readOnlyVolumes, input),
    ...(startupProbe === undefined ? {} : { startupProbe }),
    ...(readinessProbe === undefined ? {} : { readinessProbe }),
    ...(livenessProbe === undefined ? {} : { livenessProbe }),
    ...(postStart === undefined ? {} : { postStart }),
    ...(preStop === undefined ? {} : { preStop }),
    securityContext: containerSecurity(container.securityContext, pod.spec?.securityContext),
    stdin: container.stdin === true,
    stdinOnce: container.stdinOnce === true,
    tty: container.tty === true,
    terminationMessagePath: container.terminationMessagePath || '/dev/termination-log',
    terminationMessagePolicy:
      container.terminationMessagePolicy === 'FallbackToLogsOnError' ? 'FallbackToLogsOnError' : 'File',
    ...(restartPolicy === 'Always' || restartPolicy === 'OnFailure' || restartPolicy === 'Never'
      ? { restartPolicy }
      : {}),
    ...restartRules(placed, input),
    ...(container.targetContainerName ? { targetContainer: container.targetContainerName } : {}),
  };
}

/** RestartAllContainers begins the whole Pod anew; no provider can do that to an instance. */
function restartRules(
  { container, path }: PlacedContainer,
  { issues }: ResolveInput,
): { readonly restartRules?: readonly RestartRule[] } {
  const { restartPolicyRules = [] } = container;
  if (restartPolicyRules.length === 0) return {};
  return {
    restartRules: restartPolicyRules.flatMap(({ action, exitCodes }, index) => {
      const { operator, values = [] } = exitCodes ?? {};
      if (action === 'Restart' && (operator === 'In' || operator === 'NotIn'))
        return [{ operator, exitCodes: values }];
      issues.addInvalid(
        `${path}.restartPolicyRules[${index}]`,
        'only the action Restart by exit codes is known',
      );
      return [];
    }),
  };
}

function pullPolicy(policy: string | undefined): ContainerSpec['imagePullPolicy'] {
  return policy === 'Always' || policy === 'Never' ? policy : 'IfNotPresent';
}

function amounts(
  { container, path }: PlacedContainer,
  { issues }: ResolveInput,
): { readonly requests: Resources; readonly limits: Resources } {
  try {
    return {
      requests: toResources(containerRequests(container)),
      limits: toResources(parseResources(container.resources?.limits)),
    };
  } catch (error) {
    if (!(error instanceof QuantityError)) throw error;
    issues.addInvalid(`${path}.resources`, error.message);
    return { requests: {}, limits: {} };
  }
}

function mountsOf(
  { container, path }: PlacedContainer,
  variables: ReadonlyMap<string, EnvVar>,
  readOnlyVolumes: ReadonlySet<string>,
  { pod, issues }: ResolveInput,
): Mount[] {
  const { name = '', namespace = '' } = pod.metadata ?? {};
  // What a variable makes of it may be mended: by an annotation, for one.
  const wait = (field: string) => (message: string) =>
    issues.missing.push({
      kind: 'Pod',
      namespace,
      name,
      field,
      container: container.name,
      reason: 'CreateContainerConfigError',
      message,
    });
  const known = new Set((pod.spec?.volumes ?? []).map(({ name }) => name));
  return (container.volumeMounts ?? []).map((mount, index) => {
    const field = `${path}.volumeMounts[${index}]`;
    if (!known.has(mount.name)) issues.addInvalid(`${field}.name`, `there is no volume "${mount.name}"`);
    const subPath = mount.subPathExpr ? expandPath(mount.subPathExpr, variables, wait(field)) : mount.subPath;
    if (subPath?.startsWith('/')) wait(field)(`error SubPath \`${subPath}\` must not be an absolute path`);
    else if (subPath?.split('/').includes('..'))
      wait(field)(`unable to provision SubPath \`${subPath}\`: must not contain '..'`);
    return {
      volume: mount.name,
      mountPath: mount.mountPath,
      readOnly: mount.readOnly === true || readOnlyVolumes.has(mount.name),
      ...(subPath ? { subPath } : {}),
    };
  });
}

/** Unlike in a command, a name that is not known is an error here (kubelet_pods.go, makeMounts). */
function expandPath(
  text: string,
  variables: ReadonlyMap<string, EnvVar>,
  wait: (message: string) => void,
): string {
  return expand(text, (name) => {
    const value = variables.get(name)?.value;
    if (value === undefined) wait(`missing value for ${name}`);
    return value;
  });
}
