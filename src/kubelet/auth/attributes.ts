/** What a request on the node's API asks leave for: a verb on `nodes/<subresource>` of this node. */
export interface Attributes {
  readonly verb: string;
  /** Tried in order; the first that is allowed opens the door. */
  readonly subresources: readonly string[];
}

const verbs: Readonly<Record<string, string>> = {
  GET: 'get',
  HEAD: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** First path segment → subresources (pkg/kubelet/server/auth.go, with fine-grained authorization, GA in 1.36). */
const subresources: Readonly<Record<string, readonly string[]>> = {
  stats: ['stats'],
  metrics: ['metrics'],
  logs: ['log'],
  checkpoint: ['checkpoint'],
  statusz: ['statusz'],
  flagz: ['configz'],
  pods: ['pods', 'proxy'],
  runningpods: ['pods', 'proxy'],
  healthz: ['healthz', 'proxy'],
  configz: ['configz', 'proxy'],
};

export function requestAttributes(method: string, path: string): Attributes {
  const first = path.split('/')[1] ?? '';
  return { verb: verbs[method] ?? method.toLowerCase(), subresources: subresources[first] ?? ['proxy'] };
}
