import type { ContainerOverride, TaskOverride } from '@aws-sdk/client-ecs';
import { ProviderError } from '../../contract/index.ts';
import type { Draft } from './draft.ts';

/** Characters of all overrides of a run, JSON included (API_RunTask). */
const mostOverrideChars = 8192;
/** What of a definition may be filled with what has no room in the overrides; ECS takes 64 KiB in all. */
const mostDefinitionChars = 48 * 1024;

export interface Divided {
  /** With what had no room in the overrides. */
  readonly drafts: readonly Draft[];
  readonly overrides: TaskOverride;
}

/**
 * Arguments and variables go into the overrides, so that the Pods of one workload share a definition: one can be
 * registered per second. What has no room there goes into the definition, the largest container first. Values of Secrets
 * never do: a definition is kept for ever, and overrides are forgotten with their task. Where secrets are stored there are
 * none left in the drafts.
 */
export function divide(drafts: readonly Draft[]): Divided {
  const spilled = new Set<Draft>();
  const bySize = [...drafts].sort((a, b) => spillable(b) - spillable(a));
  for (const draft of bySize) {
    if (sizeOf(overridesOf(drafts, spilled)) <= mostOverrideChars) break;
    spilled.add(draft);
  }
  const overrides = overridesOf(drafts, spilled);
  if (sizeOf(overrides) > mostOverrideChars)
    throw new ProviderError(
      'InvalidSpec',
      `values of Secrets of this Pod take ${sizeOf(overrides)} characters; a run of a task takes ${mostOverrideChars} (compressed files included), and Secrets are not written into task definitions. Set the provider option secretStore to "secretsmanager", or let the program fetch them, with taskRoleArn`,
      { field: 'spec' },
    );
  const divided = drafts.map((draft) => (spilled.has(draft) ? withValues(draft) : draft));
  const chars = JSON.stringify(divided.map(({ definition }) => definition)).length;
  if (chars > mostDefinitionChars)
    throw new ProviderError(
      'InvalidSpec',
      `arguments, variables and files of this Pod take ${chars} characters of a task definition, which takes ${mostDefinitionChars}`,
      { field: 'spec' },
    );
  return { drafts: divided, overrides };
}

function overridesOf(drafts: readonly Draft[], spilled: ReadonlySet<Draft>): TaskOverride {
  const containerOverrides = drafts.flatMap((draft): ContainerOverride[] => {
    const inDefinition = spilled.has(draft);
    const environment = [
      ...draft.environment.filter(({ secret }) => secret || !inDefinition),
      ...draft.ofRun,
    ];
    const command = inDefinition && !draft.commandIsSecret ? undefined : draft.command;
    if (environment.length === 0 && command === undefined) return [];
    return [
      {
        name: draft.definition.name,
        ...(command && { command: [...command] }),
        ...(environment.length > 0 && {
          environment: environment.map(({ name, value }) => ({ name, value })),
        }),
      },
    ];
  });
  return containerOverrides.length > 0 ? { containerOverrides } : {};
}

function withValues(draft: Draft): Draft {
  const { definition, environment } = draft;
  const command = draft.commandIsSecret ? undefined : draft.command;
  const plain = environment.filter(({ secret }) => !secret).map(({ name, value }) => ({ name, value }));
  return {
    ...draft,
    definition: {
      ...definition,
      ...(command && { command: [...command] }),
      ...(plain.length > 0 && { environment: plain }),
    },
  };
}

function spillable({ command, commandIsSecret, environment }: Draft): number {
  return JSON.stringify([commandIsSecret ? [] : command, environment.filter(({ secret }) => !secret)]).length;
}

function sizeOf(overrides: TaskOverride): number {
  return JSON.stringify(overrides).length;
}
