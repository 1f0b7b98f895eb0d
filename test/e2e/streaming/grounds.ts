import { Dockerd, whyNoDockerd } from '../../docker/dockerd.ts';
import { testEngine } from '../../docker/engine.ts';
import { busyboxImage } from '../../docker/image.ts';
import { echoServer, readyAt } from './echo-server.ts';

/** Where Pods with a shell run: a provider, and how they are written for it. */
export interface Ground {
  readonly provider: 'process' | 'docker';
  /** Why it cannot be tried on this machine. */
  readonly missing?: string | undefined;
  /** Files of containers are files of this machine. */
  readonly sharesFiles: boolean;
  readonly image: string;
  /** The main container of a Pod that gives back whatever comes to a port of its own. */
  echo(port: number): Readonly<Record<string, unknown>>;
  open(): Promise<OpenGround>;
}

export interface OpenGround {
  /** Of the provider. */
  readonly options: Readonly<Record<string, unknown>>;
  close(): Promise<void>;
}

const processes: Ground = {
  provider: 'process',
  sharesFiles: true,
  image: 'burstlet.dev/host',
  echo: echoServer,
  open: async () => ({ options: {}, close: async () => {} }),
};

/** A dockerd of its own, with one image. */
const docker: Ground = {
  provider: 'docker',
  missing: whyNoDockerd(),
  sharesFiles: false,
  image: busyboxImage,
  echo: (port) => ({ command: ['nc', '-ll', '-p', String(port), '-e', 'cat'], ...readyAt(port) }),
  async open() {
    const dockerd = await Dockerd.start();
    try {
      const engine = await testEngine(dockerd.host);
      if (typeof engine === 'string') throw new Error(engine);
      await engine.close();
    } catch (error) {
      await dockerd.end();
      throw error;
    }
    return { options: { host: dockerd.host }, close: () => dockerd.end() };
  },
};

export const grounds: readonly Ground[] = [processes, docker];

for (const { provider, missing } of grounds)
  if (missing !== undefined) console.warn(`skipped: ${provider}: ${missing}`);
