import { type Context, startController } from '../core/controller.ts';
import { kinds, type Namespace } from '../core/kinds.ts';
import { isDeleting, typeMeta } from '../core/objects.ts';
import type { Write } from '../core/writes.ts';
import type { AllObjects } from './all-objects.ts';

const account = 'default';
const rootCaName = 'kube-root-ca.crt';

/** Gives each namespace its service account and the cluster's CA, and empties one that is being deleted. */
export function startNamespaceController(context: Context, objects: AllObjects, rootCa: string): void {
  const { store } = context;
  const queue = startController(context, {
    name: 'namespace-controller',
    kind: kinds.namespaces,
    sync: (namespace, apply) => {
      apply(
        isDeleting(namespace)
          ? emptying(context, objects, namespace)
          : furnishing(context, namespace, rootCa),
      );
      return undefined;
    },
  });
  objects.subscribe(({ type, object }) => {
    const { namespace } = object.metadata;
    if (type === 'DELETED' && namespace !== undefined && store.get(kinds.namespaces, undefined, namespace))
      queue.add(`/${namespace}`);
  });
}

function emptying({ store }: Context, objects: AllObjects, namespace: Namespace): Write[] {
  const { name } = namespace.metadata;
  const content = objects.inNamespace(name);
  if (content.length > 0) {
    const standing = content.filter((object) => !isDeleting(object));
    return standing.flatMap((object): Write[] => {
      const kind = objects.kindOf(object);
      return kind ? [{ op: 'delete', kind, object, request: { propagationPolicy: 'Background' } }] : [];
    });
  }
  const events = store
    .list(kinds.events, name)
    .map((object): Write => ({ op: 'delete', kind: kinds.events, object }));
  const emptied: Namespace = { ...namespace, spec: { ...namespace.spec, finalizers: [] } };
  return [...events, { op: 'update', kind: kinds.namespaces, object: emptied }];
}

function furnishing(
  { store }: Context,
  { metadata: { name: namespace } }: Namespace,
  rootCa: string,
): Write[] {
  const writes: Write[] = [];
  if (store.get(kinds.serviceAccounts, namespace, account) === undefined) {
    const object = { ...typeMeta(kinds.serviceAccounts), metadata: { name: account, namespace } };
    writes.push({ op: 'create', kind: kinds.serviceAccounts, object });
  }
  const bundle = store.get(kinds.configMaps, namespace, rootCaName);
  const data = { 'ca.crt': rootCa };
  if (bundle === undefined) {
    const object = { ...typeMeta(kinds.configMaps), metadata: { name: rootCaName, namespace }, data };
    writes.push({ op: 'create', kind: kinds.configMaps, object });
  } else if (bundle.data?.['ca.crt'] !== rootCa) {
    writes.push({ op: 'update', kind: kinds.configMaps, object: Object.assign({}, bundle, { data }) });
  }
  return writes;
}
