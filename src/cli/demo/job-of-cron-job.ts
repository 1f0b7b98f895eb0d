import type { CronJob, Job } from './kinds.ts';

/** The Job that `kubectl create job NAME --from cronjob/…` makes (kubectl/pkg/cmd/create/create_job.go). */
export function jobOfCronJob({ metadata, spec }: CronJob, name: string): Job {
  const template = spec?.jobTemplate;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      ...(metadata?.namespace === undefined ? {} : { namespace: metadata.namespace }),
      annotations: { ...template?.metadata?.annotations, 'cronjob.kubernetes.io/instantiate': 'manual' },
      ...(template?.metadata?.labels === undefined ? {} : { labels: template.metadata.labels }),
      ownerReferences: [
        {
          apiVersion: 'batch/v1',
          kind: 'CronJob',
          name: metadata?.name ?? '',
          uid: metadata?.uid ?? '',
          controller: true,
        },
      ],
    },
    ...(template?.spec === undefined ? {} : { spec: template.spec }),
  };
}
