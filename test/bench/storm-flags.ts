import { parseArgs } from 'node:util';

export interface StormFlags {
  readonly pods: number;
  readonly kubeconfig?: string;
  readonly node?: string;
  readonly assets?: string;
  readonly rounds: number;
  readonly ceiling: boolean;
  readonly unbound: boolean;
  readonly instanceMs: number;
  readonly timeoutSeconds: number;
  readonly json: boolean;
  readonly help: boolean;
}

export const usage = `usage: npm run bench:storm -- [options]

  --pods N            how many Pods (default 1000)
  --unbound           leave it to the scheduler of burstlet to bind them
  --instance-ms N     milliseconds until an instance runs (default 0)
  --kubeconfig FILE   a cluster of your own, with --node NAME: its virtual node
  --assets DIR        a real control plane, from the programs in this folder (npm run controlplane builds them)
  --rounds N          the whole again and again, to tell chance from the rest (default 1)
  --ceiling           after each storm also make the same writes without a daemon, to compare
  --timeout N         seconds for all to be ready, and again for all to be gone (default 300)
  --json              one line of JSON
  --help              this`;

/** Throws an error that says what is wrong with the arguments. */
export function readStormFlags(args: readonly string[]): StormFlags {
  const { values } = parseArgs({
    args: [...args],
    options: {
      pods: { type: 'string', default: '1000' },
      kubeconfig: { type: 'string' },
      node: { type: 'string' },
      assets: { type: 'string' },
      rounds: { type: 'string', default: '1' },
      ceiling: { type: 'boolean', default: false },
      unbound: { type: 'boolean', default: false },
      'instance-ms': { type: 'string', default: '0' },
      timeout: { type: 'string', default: '300' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { kubeconfig, node, assets, ceiling, unbound, json, help } = values;
  if ((kubeconfig === undefined) !== (node === undefined))
    throw new Error('--kubeconfig and --node go together: a cluster, and the name of its virtual node');
  if (kubeconfig !== undefined && assets !== undefined)
    throw new Error('--assets starts a cluster, --kubeconfig names one: give one of them');
  return {
    pods: wholeNumber(values.pods, '--pods', 1),
    instanceMs: wholeNumber(values['instance-ms'], '--instance-ms', 0),
    rounds: wholeNumber(values.rounds, '--rounds', 1),
    timeoutSeconds: wholeNumber(values.timeout, '--timeout', 1),
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(node !== undefined && { node }),
    ...(assets !== undefined && { assets }),
    ...{ ceiling, unbound, json, help },
  };
}

function wholeNumber(text: string, flag: string, least: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && Number.isSafeInteger(number)) return number;
  throw new Error(`${flag}: "${text}" is not a whole number of ${least} or more`);
}
