import { refused } from '../../../providers/contract/index.ts';
import { containerRules } from './container-rules.ts';
import { podRules } from './pod-rules.ts';
import type { Rule } from './rule.ts';
import { containerFields, itemsWhere } from './uses.ts';
import { volumeRules } from './volume-rules.ts';

const nodeRules: readonly Rule[] = [
  {
    name: 'DaemonSet',
    reason: 'DaemonSetNotSupported',
    fields: ['metadata.ownerReferences'],
    find: ({ metadata }) =>
      itemsWhere(
        metadata?.ownerReferences,
        (index) => `metadata.ownerReferences[${index}]`,
        ({ kind }) => kind === 'DaemonSet',
      ),
    support: refused(
      'a virtual node is no machine that an agent could serve: each Pod has an instance of its own',
      'keep the DaemonSet off this node with the node affinity "type NotIn [virtual-kubelet]", or run the agent as a sidecar of the Pods that need it',
    ),
  },
  {
    name: 'lifecycle.tcpSocket',
    reason: 'TcpSocketHookNotSupported',
    fields: ['container.lifecycle.postStart.tcpSocket', 'container.lifecycle.preStop.tcpSocket'],
    find: containerFields(({ lifecycle }) => [
      ...(lifecycle?.postStart?.tcpSocket === undefined ? [] : ['lifecycle.postStart.tcpSocket']),
      ...(lifecycle?.preStop?.tcpSocket === undefined ? [] : ['lifecycle.preStop.tcpSocket']),
    ]),
    support: refused('no kubelet ever carried such a hook out', 'use an exec, httpGet or sleep hook'),
  },
  {
    name: 'env.valueFrom.fileKeyRef',
    reason: 'FileKeyRefNotSupported',
    fields: ['container.env.valueFrom.fileKeyRef'],
    find: containerFields(({ env }) =>
      itemsWhere(
        env,
        (index) => `env[${index}].valueFrom.fileKeyRef`,
        ({ valueFrom }) => valueFrom?.fileKeyRef !== undefined,
      ),
    ),
    support: refused(
      'variables are resolved before the instance exists, when no init container can have written the file',
      'read the file in the command of the container, or use configMapKeyRef or secretKeyRef',
    ),
  },
];

/**
 * Everything that a Pod may ask for and a provider may not have. One table: the admission verdict, `burstlet check` and
 * the reference pages read it. The first rule that refuses gives the Pod its reason, so the gravest stand first.
 */
export const rules: readonly Rule[] = [...nodeRules, ...podRules, ...volumeRules, ...containerRules];
