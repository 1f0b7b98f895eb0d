import { statefulPod } from '../../devcluster/controllers/apps/stateful-set-pod.ts';
import { jobPod } from '../../devcluster/controllers/batch/job-plan.ts';
import type { Job, PodTemplate, StatefulSet } from '../../devcluster/controllers/core/kinds.ts';
import { podFromTemplate } from '../../devcluster/controllers/core/pods.ts';
import { dropNulls } from '../../devcluster/store/json.ts';
import type { FieldPath } from '../manifests/field-path.ts';
import type { Manifest, ManifestObject } from '../manifests/parse-manifests.ts';

/** The Pod that a manifest is, or that the controllers make of it. */
export interface PodOfManifest {
  readonly manifest: Manifest;
  /** As it is sent to the API server: without defaults, its shape not checked. */
  readonly pod: object;
  /** How many of them; undefined where the nodes decide. */
  readonly copies: number | undefined;
  /** Where a field of the Pod stands in the manifest. */
  placeOf(field: FieldPath): FieldPath;
}

interface Maker {
  /** Where the Pod or its template stands. */
  readonly template: FieldPath;
  readonly pod: (object: Workload) => object;
  readonly copies?: (spec: WorkloadSpec) => number | undefined;
  readonly placeOf?: (field: FieldPath, object: Workload) => FieldPath | undefined;
}

interface WorkloadSpec {
  readonly replicas?: number;
  readonly parallelism?: number;
  readonly completions?: number;
  readonly template?: PodTemplate;
  readonly jobTemplate?: { readonly spec?: WorkloadSpec };
  readonly volumeClaimTemplates?: readonly { readonly metadata?: { readonly name?: string } }[];
}

interface Workload extends ManifestObject {
  readonly spec?: WorkloadSpec;
  readonly template?: PodTemplate;
}

const replicated: Maker = {
  template: ['spec', 'template'],
  pod: (object) => fromTemplate(object, object.spec?.template),
  copies: ({ replicas = 1 }) => replicas,
};

/** By group and kind. A Deployment's Pods are its ReplicaSets', made of the same template. */
const makers: Readonly<Record<string, Maker>> = {
  '/Pod': { template: [], pod: (object) => object },
  '/PodTemplate': { template: ['template'], pod: (object) => fromTemplate(object, object.template) },
  '/ReplicationController': replicated,
  'apps/ReplicaSet': replicated,
  'apps/Deployment': replicated,
  'apps/DaemonSet': { ...replicated, copies: () => undefined },
  'apps/StatefulSet': {
    ...replicated,
    pod: (object) =>
      statefulPod(asKind<StatefulSet>(object), 0, {
        name: '',
        hash: '',
        template: templateOf(object.spec?.template),
      }),
    placeOf: claimPlace,
  },
  'batch/Job': {
    template: ['spec', 'template'],
    pod: (object) => fromJob(object.metadata.name, object.spec),
    copies: jobCopies,
  },
  'batch/CronJob': {
    template: ['spec', 'jobTemplate', 'spec', 'template'],
    pod: ({ metadata, spec }) => fromJob(metadata.name, spec?.jobTemplate?.spec),
    copies: ({ jobTemplate }) => jobCopies(jobTemplate?.spec ?? {}),
  },
};

/** Undefined for an object that makes no Pods, as far as is known. */
export function podOf(manifest: Manifest): PodOfManifest | undefined {
  const object: Workload = withoutNulls(manifest.object);
  const [, group = ''] = object.apiVersion.split('/').reverse();
  const maker = makers[`${group}/${object.kind}`];
  if (maker === undefined) return undefined;
  return {
    manifest,
    pod: maker.pod(object),
    copies: maker.copies === undefined ? 1 : maker.copies(object.spec ?? {}),
    placeOf: (field) => {
      // What a controller writes into the metadata stands nowhere; it is the whole object that is meant.
      if (maker.template.length > 0 && field[0] === 'metadata') return [];
      return maker.placeOf?.(field, object) ?? [...maker.template, ...field];
    },
  };
}

function jobCopies({ parallelism = 1, completions = Number.POSITIVE_INFINITY }: WorkloadSpec): number {
  return Math.min(parallelism, completions);
}

function fromTemplate(owner: ManifestObject, template: PodTemplate | undefined): object {
  return podFromTemplate(templateOf(template), asKind(owner), {});
}

function fromJob(name = 'job', spec: WorkloadSpec = {}): object {
  const job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, uid: '' },
    spec: { ...spec, template: templateOf(spec.template) },
  };
  const indexed = 'completionMode' in spec && spec.completionMode === 'Indexed';
  return jobPod(asKind<Job>(job), indexed ? 0 : undefined);
}

/** A StatefulSet puts the volumes of its claims before those of the template. */
function claimPlace([first, second, index, ...rest]: FieldPath, { spec }: Workload): FieldPath | undefined {
  const claims = spec?.volumeClaimTemplates?.length ?? 0;
  if (first !== 'spec' || second !== 'volumes' || typeof index !== 'number' || claims === 0) return undefined;
  if (index < claims) return ['spec', 'volumeClaimTemplates', index];
  return ['spec', 'template', 'spec', 'volumes', index - claims, ...rest];
}

/** Without containers at least, which the controllers count on; the API server then asks for one. */
function templateOf(template: PodTemplate | undefined): PodTemplate {
  const { containers = [], ...rest } = template?.spec ?? { containers: [] };
  return { ...template, spec: { ...rest, containers } };
}

/** Nulls say nothing, as where the API server decodes. */
function withoutNulls(object: ManifestObject): ManifestObject {
  const copy = structuredClone(object);
  dropNulls(copy);
  return copy;
}

/** The one place where a manifest is taken for its kind; its shape was checked before. */
function asKind<T>(object: object): T {
  return object as T;
}
