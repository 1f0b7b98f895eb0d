import type { ConformanceHarness, Patience, Program } from '../../contract/conformance/index.ts';
import type { InstanceProvider, InstanceSpec } from '../../contract/index.ts';
import { MockCloud } from '../cloud.ts';
import { MockProvider } from '../provider.ts';
import { scriptAnnotation } from '../script.ts';

/** The kit's programs as a script of the mock. */
function arrangeForMock(spec: InstanceSpec, programs: Readonly<Record<string, Program>>): InstanceSpec {
  const containers = Object.fromEntries(
    Object.entries(programs).map(([name, { print = [], printEverySeconds = 0, exit, onTerm = 0 }]) => {
      const printMs = print.length * printEverySeconds * 1000;
      const program = {
        logs: print.map(({ stream, text }) => (stream === 'stdout' ? text : { stderr: text })),
        logEveryMs: printEverySeconds * 1000,
        exits: exit ? [{ code: exit.code, afterMs: (exit.afterSeconds ?? 0) * 1000 + printMs }] : [],
        onTerm: onTerm === 'ignore' ? 'ignore' : { code: onTerm },
      };
      return [name, program];
    }),
  );
  return { ...spec, annotations: { [scriptAnnotation]: JSON.stringify({ containers }) } };
}

/** A harness of the mock. `connect` may put something between the kit and the provider, or lose the cloud. */
export function mockHarness(
  settings: {
    readonly connect?: (cloud: MockCloud) => InstanceProvider;
    readonly patience?: Partial<Patience>;
  } = {},
): ConformanceHarness {
  const { connect = (cloud) => new MockProvider({ cloud }), patience = {} } = settings;
  return {
    arrange: arrangeForMock,
    // It executes nothing.
    lacks: ['exec', 'attach', 'portForward'],
    patience,
    skip: {
      'a program has its environment, with the address of its instance where it asks for it':
        'the mock executes nothing',
    },
    async backend() {
      const cloud = new MockCloud();
      return {
        connect: async () => connect(cloud),
        leftovers: async () => cloud.instances().map(({ ref }) => ref.id),
      };
    },
  };
}
