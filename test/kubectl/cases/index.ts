import type { Suite } from '../case.ts';
import { apply } from './apply.ts';
import { create } from './create.ts';
import { deletion } from './delete.ts';
import { describe } from './describe.ts';
import { discovery } from './discovery.ts';
import { get } from './get.ts';
import { patch } from './patch.ts';
import { pods } from './pods.ts';
import { serverSideApply } from './server-side-apply.ts';
import { proxies, streamsOverSpdy, streamsOverWebSockets } from './streams.ts';
import { workloads } from './workloads.ts';

export const suites: readonly Suite[] = [
  discovery,
  get,
  create,
  apply,
  serverSideApply,
  patch,
  workloads,
  deletion,
  describe,
  pods,
  proxies,
  streamsOverWebSockets,
  streamsOverSpdy,
];
