import type { KubeClient } from '../../../src/kube/client.ts';
import { certificateSigningRequests } from '../../../src/kube/resources.ts';

/** As `kubectl certificate approve` does it. */
export async function approve(client: KubeClient, name: string): Promise<void> {
  const request = await client.get(certificateSigningRequests, { name });
  const condition = { type: 'Approved', status: 'True', reason: 'Test', message: 'approved by the test' };
  const object = { ...request, status: { ...request.status, conditions: [condition] } };
  await client.update(certificateSigningRequests, object, { subresource: 'approval' });
}
