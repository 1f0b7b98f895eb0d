/**
 * The API described for clients (`kubectl explain`, validation, patches), and the check of field names. Made from the
 * model files of the installed @kubernetes/client-node when first asked for; nothing is read before.
 */
import { createHash } from 'node:crypto';
import { type ServedResource, servedResources } from '../store/resource-table.ts';
import { clientNodeModels, Models } from './models.ts';
import { pathsOf } from './paths.ts';
import { Schemas } from './schemas.ts';
import { type FieldProblems, fieldProblems } from './unknown-fields.ts';
import { v2Protobuf } from './v2-protobuf.ts';

export { v2ProtobufType } from './v2-protobuf.ts';

export interface OpenApi {
  /** GET /openapi/v3 */
  v3Index(): string;
  /** GET /openapi/v3/`groupVersion`, which is `api/v1` or `apis/apps/v1`. Undefined = no such group. */
  v3Document(groupVersion: string): string | undefined;
  /** GET /openapi/v2 as JSON. */
  v2Document(): string;
  /** GET /openapi/v2 for clients that accept protobuf only: without definitions, see v2-protobuf.ts. */
  v2Protobuf(): Buffer;
  /** For `fieldValidation=Strict|Warn`. A kind without a schema has no problems. */
  fieldProblems(apiVersion: string, kind: string, object: object): FieldProblems;
}

export interface OpenApiOptions {
  readonly resources?: readonly ServedResource[];
  /** The folder of client-node's model files; default: the installed package's. */
  readonly modelsFolder?: string;
}

const info = { title: 'Kubernetes', version: 'unversioned' };
const v3Refs = '#/components/schemas/';
const v2Refs = '#/definitions/';

export function createOpenApi(options: OpenApiOptions = {}): OpenApi {
  const { resources = servedResources } = options;
  const groups = Map.groupBy(resources, groupVersionOf);
  const documents = new Map<string, string>();
  let models: Models | undefined;
  let schemas: Schemas | undefined;

  const theModels = (): Models => {
    models ??= new Models(options.modelsFolder ?? clientNodeModels());
    return models;
  };
  const theSchemas = (): Schemas => {
    schemas ??= new Schemas(theModels(), resources);
    return schemas;
  };
  const cached = (key: string, make: () => object): string => {
    const known = documents.get(key);
    if (known !== undefined) return known;
    const text = JSON.stringify(make());
    documents.set(key, text);
    return text;
  };

  return {
    v3Index: () =>
      cached('v3', () => ({
        paths: Object.fromEntries(
          [...groups].map(([groupVersion, served]) => [
            groupVersion,
            { serverRelativeURL: `/openapi/v3/${groupVersion}?hash=${hashOf(served)}` },
          ]),
        ),
      })),
    v3Document(groupVersion) {
      const served = groups.get(groupVersion);
      if (served === undefined) return undefined;
      return cached(groupVersion, () => ({
        openapi: '3.0.0',
        info,
        paths: Object.assign({}, ...served.map(pathsOf)),
        components: { schemas: theSchemas().below(served, v3Refs) },
      }));
    },
    v2Document: () =>
      cached('v2', () => ({
        swagger: '2.0',
        info,
        paths: {},
        definitions: theSchemas().below(resources, v2Refs),
      })),
    v2Protobuf: () => v2Protobuf(info.title, info.version),
    fieldProblems: (apiVersion, kind, object) => fieldProblems(theModels(), apiVersion, kind, object),
  };
}

function groupVersionOf({ group, version }: ServedResource): string {
  return group === '' ? `api/${version}` : `apis/${group}/${version}`;
}

/** Clients keep a document for as long as its hash stays. */
function hashOf(served: readonly ServedResource[]): string {
  const content = JSON.stringify([info, served]);
  return createHash('sha256').update(content).digest('hex').slice(0, 16).toUpperCase();
}
