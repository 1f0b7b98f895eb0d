import type { FastifyInstance } from 'fastify';
import { forwardOffer, openForward } from '../streaming/open-client.ts';
import { forwardTunnel } from '../streaming/over-websocket/channel-protocol.ts';
import { isBadPorts, queryPorts } from '../streaming/query-ports.ts';
import { runForwardSession } from '../streaming/session/forward-session.ts';
import { wantsWebSocket, webSocketProtocols } from '../streaming/upgrade/negotiate.ts';
import { type StreamRouteDeps, serveStream } from './stream-routes.ts';

interface Params {
  readonly namespace: string;
  readonly pod: string;
  readonly uid?: string;
}

/** GET and POST /portForward/{namespace}/{pod}[/{uid}]: what `kubectl port-forward` speaks to, through the API server. */
export function portForward(server: FastifyInstance, deps: StreamRouteDeps): void {
  const { provider, view, sessions } = deps;
  for (const url of ['/portForward/:namespace/:pod', '/portForward/:namespace/:pod/:uid'])
    server.route<{ Params: Params }>({
      method: ['GET', 'POST'],
      url,
      exposeHeadRoute: false,
      async handler(request, reply) {
        const { namespace, pod: name, uid } = request.params;
        const inQuery =
          wantsWebSocket(request.headers) && !webSocketProtocols(request.headers).includes(forwardTunnel);
        const ports = inQuery ? queryPorts(new URL(request.url, 'https://node').searchParams) : [];
        if (isBadPorts(ports)) return reply.code(400).send(ports.text);
        const found = view.pod(namespace, name);
        if (found === undefined) return reply.code(404).send('pod does not exist');
        const { pod, instance } = found;
        const podUid = pod.metadata?.uid ?? '';
        if (uid !== undefined && uid !== podUid) return reply.code(404).send('pod not found');
        if (instance === undefined || !['Running', 'Stopping'].includes(instance.phase))
          return reply.code(500).send(`pod not found ("${name}_${namespace}")`);
        const { portForward: forward } = provider;
        if (forward === undefined)
          return reply.code(501).send(`provider ${provider.name} has no port-forward`);
        const open = { ...deps, closing: sessions.closing };
        return serveStream(deps, request, reply, 'portForward', forwardOffer, async (upgrade, chosen) => {
          const client = openForward(open, upgrade, chosen, ports);
          if (client === undefined) return;
          await runForwardSession({ ...open, client, pod: { name, uid: podUid } }, (...call) =>
            forward.call(provider, instance.ref, ...call),
          );
        });
      },
    });
}
