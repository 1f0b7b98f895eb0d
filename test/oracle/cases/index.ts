import type { OracleCase } from '../case.ts';
import { deletions } from './deletions.ts';
import { ephemeral } from './ephemeral.ts';
import { exits } from './exits.ts';
import { hooks } from './hooks.ts';
import { init } from './init.ts';
import { inside } from './inside.ts';
import { messages } from './messages.ts';
import { probes } from './probes.ts';
import { references } from './references.ts';
import { starts } from './starts.ts';

/** Every Pod that the two nodes run, by theme. */
export const themes: Readonly<Record<string, readonly OracleCase[]>> = {
  'How a container ends': exits,
  'Termination messages': messages,
  'What does not start': starts,
  'Init containers and sidecars': init,
  Probes: probes,
  Hooks: hooks,
  'Deletion, eviction, deadlines': deletions,
  'ConfigMaps, Secrets, volumes': references,
  'What is inside': inside,
  'Ephemeral containers': ephemeral,
};
