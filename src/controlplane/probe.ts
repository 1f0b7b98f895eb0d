import { Agent, request } from 'undici';

export interface ProbeDeps {
  readonly url: string;
  readonly caPem: string;
  readonly token: string;
  /** Resolves when there is nothing more to wait for. */
  readonly broken: Promise<string>;
}

/** Asks the API server until it says yes. */
export interface Probe {
  /** Resolves when the path is answered with 200. Rejects when the control plane broke, or after two minutes. */
  until(path: string, signal?: AbortSignal): Promise<void>;
}

const patienceMs = 120_000;
const pauseMs = 100;

export function createProbe({ url, caPem, token, broken }: ProbeDeps): Probe {
  return {
    async until(path, signal) {
      const giveUp = AbortSignal.any([AbortSignal.timeout(patienceMs), ...(signal ? [signal] : [])]);
      const dispatcher = new Agent({ connect: { ca: caPem } });
      let trouble: string | undefined;
      void broken.then((how) => {
        trouble = how;
      });
      try {
        for (let last = 'nothing'; ; ) {
          if (trouble !== undefined) throw new Error(`the control plane does not run: ${trouble}`);
          signal?.throwIfAborted();
          if (giveUp.aborted)
            throw new Error(
              `the control plane is not ready: ${path} answered ${last} for ${patienceMs / 1000} s`,
            );
          last = await ask(`${url}${path}`);
          if (last === '200') return;
          await new Promise((resolve) => setTimeout(resolve, pauseMs));
        }
      } finally {
        await dispatcher.destroy();
      }

      async function ask(target: string): Promise<string> {
        try {
          const { statusCode, body } = await request(target, {
            dispatcher,
            headers: { authorization: `Bearer ${token}` },
            signal: AbortSignal.any([giveUp, AbortSignal.timeout(5_000)]),
          });
          await body.dump();
          return String(statusCode);
        } catch (error) {
          return error instanceof Error ? error.message : String(error);
        }
      }
    },
  };
}
