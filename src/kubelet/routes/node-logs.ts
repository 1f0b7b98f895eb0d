import type { FastifyInstance } from 'fastify';

const text =
  'logs endpoint is disabled: a virtual node has no log files of its own; read the logs of Pods with kubectl logs\n';

/** GET /logs/...: files and services of a machine, which a virtual node is not. Answered as a kubelet that keeps them to itself. */
export function nodeLogs(server: FastifyInstance): void {
  for (const url of ['/logs', '/logs/*']) server.get(url, async (_, reply) => reply.code(405).send(text));
}
