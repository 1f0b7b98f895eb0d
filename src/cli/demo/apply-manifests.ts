import { ConfigError } from '../../config/settings.ts';
import { servedResources } from '../../devcluster/store/resource-table.ts';
import type { KubeClient } from '../../kube/client.ts';
import { StatusError } from '../../kube/errors.ts';
import type { Resource } from '../../kube/resources.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { Manifest } from '../manifests/parse-manifests.ts';

/** Creates the objects in order, in a cluster that is new. Throws ConfigError with file and line. Returns them as stored. */
export async function applyManifests(
  client: Pick<KubeClient, 'create'>,
  manifests: readonly Manifest[],
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  const created: KubeObject[] = [];
  for (const manifest of manifests) {
    const { file, line, object } = manifest;
    const resource = resourceOf(object.apiVersion, object.kind);
    if (resource === undefined)
      throw new ConfigError(
        `${file}:${line}: the development cluster has no ${object.kind} of ${object.apiVersion}`,
      );
    try {
      created.push(await client.create(resource, asObject(manifest), { signal }));
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      throw new ConfigError(`${file}:${line}: ${error.message}`);
    }
  }
  return created;
}

function resourceOf(apiVersion: string, kind: string): Resource<KubeObject> | undefined {
  const [version, group = ''] = apiVersion.split('/').reverse();
  return servedResources.find((one) => one.group === group && one.version === version && one.kind === kind);
}

/** The API server looks at its shape. */
function asObject({ object }: Manifest): KubeObject {
  return object as KubeObject;
}
