import type { ContainerSpec, EnvVar } from '../../contract/index.ts';
import { podIpMarker, podIpsMarker } from '../../contract/index.ts';
import type { RequestContainer } from '../api/eci-api.ts';
import { unfit } from './fault.ts';

type Variable = NonNullable<RequestContainer['environmentVar']>[number];

/** …/api-eci-2018-08-08-createcontainergroup: EnvironmentVar. */
const mostVariables = 241;
const namePattern = /^[A-Za-z_]\w{0,127}$/;

/** An instance has one address of each family, so the list of its addresses is what its address is. */
const addressMarkers: readonly string[] = [podIpMarker, podIpsMarker];

export function environmentOf(container: ContainerSpec, field: string): readonly Variable[] {
  const { env } = container;
  if (env.length > mostVariables)
    throw unfit(
      `${field}.env`,
      `${env.length} variables, and an instance takes ${mostVariables}`,
      'set enableServiceLinks: false, or put some into a file',
    );
  return env.map((variable) => variableOf(variable, `${field}.env`));
}

function variableOf({ name, value }: EnvVar, field: string): Variable {
  if (!namePattern.test(name))
    throw unfit(
      `${field}[${name.slice(0, 64)}]`,
      'a name of letters, digits and _ of at most 128 characters is needed, not beginning with a digit',
      'rename the variable',
    );
  if (addressMarkers.includes(value)) return { key: name, fieldRef: { fieldPath: 'status.podIP' } };
  if (hasMarker(value)) throw addressInside(`${field}[${name}]`);
  return { key: name, value };
}

/** The address of an instance is known to no one before it is made: only a variable of its own can be set to it. */
export function refuseAddresses(container: ContainerSpec, field: string): void {
  const { command = [], args = [], mounts } = container;
  if (command.some(hasMarker)) throw addressInside(`${field}.command`);
  if (args.some(hasMarker)) throw addressInside(`${field}.args`);
  if (mounts.some(({ subPath }) => subPath !== undefined && hasMarker(subPath)))
    throw addressInside(`${field}.volumeMounts.subPathExpr`);
}

function hasMarker(text: string): boolean {
  return text.includes('\u0000');
}

function addressInside(field: string): Error {
  return unfit(
    field,
    'the address of the Pod is part of a longer text, and an instance can only have a variable that is the address',
    'refer to the variable from a shell inside of the container',
  );
}
