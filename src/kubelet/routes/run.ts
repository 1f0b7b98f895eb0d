import type { FastifyInstance } from 'fastify';
import { CollectedOutput } from '../streaming/collected-output.ts';
import { wordsOf } from '../streaming/session/command-session.ts';
import { queryOf, undecodable } from '../streaming/stream-options.ts';
import { type ContainerParams, containerPaths, containerTarget } from './container-target.ts';

import type { StreamRouteDeps } from './stream-routes.ts';

/** As much as a container runtime returns from a command that is not streamed (CRI, ExecSync). */
const maxOutputBytes = 16 * 1024 * 1024;

/** POST /run/{namespace}/{pod}[/{uid}]/{container}?cmd=: what a command wrote, stdout and stderr together, once it has ended. */
export function run(server: FastifyInstance, deps: StreamRouteDeps): void {
  const { provider, view, sessions } = deps;
  for (const url of containerPaths('run'))
    server.post<{ Params: ContainerParams }>(url, async (request, reply) => {
      const query = queryOf(request.url);
      if (query === undefined) return reply.code(400).send(undecodable);
      const command = query.get('cmd')?.split(' ');
      if (command === undefined) return reply.code(400).send('query parameter "cmd" is required');
      const target = containerTarget(view, request.params);
      if (target.kind === 'none') return reply.code(target.status).send(target.text);
      const { exec } = provider;
      if (exec === undefined) return reply.code(501).send(`provider ${provider.name} has no exec`);
      const refusal = sessions.refusal();
      if (refusal !== undefined) return reply.code(refusal.status).send(refusal.text);

      const ended = new AbortController();
      const { socket } = request.raw;
      const leave = (): void => ended.abort(new Error('the client has left'));
      socket.once('close', leave);
      const output = new CollectedOutput(maxOutputBytes, (error) => ended.abort(error));
      const signal = AbortSignal.any([ended.signal, sessions.closing]);
      const call = [target.ref, target.spec.name, { command, tty: false }] as const;
      try {
        const code = await sessions.run('exec', () =>
          exec.call(provider, ...call, { stdout: output, stderr: output }, signal),
        );
        signal.throwIfAborted();
        if (code === 0) return reply.type('application/json').send(output.bytes());
        return reply.code(500).send(`command exited with ${code}: ${output.bytes().toString()}`);
      } catch (error) {
        const why = signal.aborted ? signal.reason : error;
        return reply.code(500).send(`error executing command in container: ${wordsOf(why)}`);
      } finally {
        socket.off('close', leave);
        ended.abort();
      }
    });
}
