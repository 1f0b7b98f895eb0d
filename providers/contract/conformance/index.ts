import { AssertionError } from 'node:assert';
import type { CaseDefinition, ConformanceCase } from './case.ts';
import { abilities } from './case.ts';
import { abilityCases } from './cases/abilities.ts';
import { attachCases } from './cases/attach.ts';
import { capabilityCases } from './cases/capabilities.ts';
import { createCases } from './cases/create.ts';
import { deleteCases } from './cases/delete.ts';
import { execCases } from './cases/exec.ts';
import { logCases } from './cases/logs.ts';
import { observeCases } from './cases/observe.ts';
import { portForwardCases } from './cases/port-forward.ts';
import { restartCases } from './cases/restart.ts';
import { scopeCases } from './cases/scope.ts';
import { stopCases } from './cases/stop.ts';
import type { ConformanceHarness } from './harness.ts';
import { Stage } from './stage.ts';

export type { ConformanceCase } from './case.ts';
export type { ConformanceBackend, ConformanceHarness, Patience } from './harness.ts';
export { moduleHarness } from './harness.ts';
export type { PrintedLine, Program } from './program.ts';
export { shellCommand } from './program.ts';

const definitions: readonly CaseDefinition[] = [
  ...capabilityCases,
  ...createCases,
  ...observeCases,
  ...stopCases,
  ...deleteCases,
  ...scopeCases,
  ...restartCases,
  ...logCases,
  ...abilityCases,
  ...execCases,
  ...attachCases,
  ...portForwardCases,
];

/**
 * The cases that every provider must pass, for any test runner: each throws an AssertionError or resolves. They are
 * independent and may run at the same time.
 */
export function providerConformance(harness: ConformanceHarness): ConformanceCase[] {
  const unknown = Object.keys(harness.skip ?? {}).filter(
    (name) => !definitions.some((definition) => definition.name === name),
  );
  if (unknown.length > 0) throw new Error(`harness.skip names no case of the kit: ${unknown.join('; ')}`);
  return [
    ...definitions.map((definition) => toCase(definition, harness)),
    { name: 'the optional abilities are those that the harness says', run: () => checkAbilities(harness) },
  ];
}

function toCase({ name, needs, act }: CaseDefinition, harness: ConformanceHarness): ConformanceCase {
  const lacking = needs !== undefined && harness.lacks?.includes(needs);
  const skip = harness.skip?.[name] ?? (lacking ? `the provider lacks ${needs}` : undefined);
  const run = async (): Promise<string | undefined> => {
    let reason: string | undefined;
    await Stage.play(harness, async (stage) => {
      reason = await act(stage);
    });
    return reason;
  };
  return skip === undefined ? { name, run } : { name, skip, run };
}

async function checkAbilities(harness: ConformanceHarness): Promise<undefined> {
  await Stage.play(harness, async ({ provider }) => {
    for (const ability of abilities) {
      const lacks = harness.lacks?.includes(ability) ?? false;
      if (lacks === (provider[ability] === undefined)) continue;
      const message = lacks
        ? `the provider has ${ability}, which the harness says it lacks: its cases must run`
        : `the provider has no ${ability}; if that is meant, say so in harness.lacks`;
      throw new AssertionError({ message });
    }
  });
}
