import { ProviderError } from '../../../../providers/contract/index.ts';
import type { ParameterTree } from './parameters.ts';

/** A model class of the vendor's SDK: property → name on the wire, property → type. */
interface Model {
  names(): Record<string, string>;
  types(): Record<string, unknown>;
}

/** Documented parameters that version 2.0.3 of the SDK does not know yet; they go through its generic call. */
const newer: Readonly<Record<string, readonly string[]>> = {
  CreateContainerGroup: ['ComputeCategory', 'GpuDriverVersion', 'MaxPendingMinute'],
  DeleteContainerGroup: ['Force'],
  DescribeContainerGroups: ['ComputeCategory', 'SecurityGroupId'],
  DescribeContainerGroupPrice: ['ComputeCategory'],
};

/** Holds requests and answers against the SDK's own model of them. */
export class SdkModel {
  readonly #classes: ReadonlyMap<string, unknown>;
  /** Types by the name on the wire: the SDK's tables, turned around once. */
  readonly #fields = new Map<Model, ReadonlyMap<string, unknown>>();

  private constructor(classes: ReadonlyMap<string, unknown>) {
    this.#classes = classes;
  }

  /** Throws ProviderError when the SDK is not installed. */
  static async load(): Promise<SdkModel> {
    try {
      return new SdkModel(new Map(Object.entries(await import('@alicloud/eci20180808'))));
    } catch {
      const packages = '@alicloud/eci20180808 @alicloud/openapi-client';
      throw new ProviderError(
        'Unsupported',
        `the fake holds requests against the vendor's SDK, which is not installed here; run: npm install ${packages}`,
      );
    }
  }

  /** Where a request departs from the model: unknown names and values of the wrong type. */
  departures(action: string, tree: ParameterTree): string[] {
    const model = this.#classes.get(`${action}Request`);
    if (!isModel(model)) return [`the SDK has no action ${action}`];
    const later = newer[action] ?? [];
    return [...tree].flatMap(([name, value]) =>
      later.includes(name) ? [] : this.#ofField(model, name, value, name),
    );
  }

  /** Where an answer departs from it: what the SDK would drop without a word, or choke on. */
  answerDepartures(action: string, body: unknown): string[] {
    const model = this.#classes.get(`${action}ResponseBody`);
    return isModel(model) ? this.#ofAnswer(model, body, '') : [`the SDK has no answer of ${action}`];
  }

  #typeOf(model: Model, wireName: string): unknown {
    const known = this.#fields.get(model);
    if (known !== undefined) return known.get(wireName);
    const types = model.types();
    const fields = new Map(Object.entries(model.names()).map(([property, wire]) => [wire, types[property]]));
    this.#fields.set(model, fields);
    return fields.get(wireName);
  }

  #ofField(model: Model, name: string, value: string | ParameterTree, path: string): string[] {
    const type = this.#typeOf(model, name);
    return type === undefined ? [`unknown parameter ${path}`] : this.#ofValue(type, value, path);
  }

  #ofValue(type: unknown, value: string | ParameterTree, path: string): string[] {
    if (typeof value === 'string')
      return isText(type, value) ? [] : [`parameter ${path} is no ${nameOf(type)}: ${value}`];
    const item = itemType(type);
    if (item !== undefined)
      return [...value].flatMap(([index, entry]) => this.#ofValue(item, entry, `${path}.${index}`));
    if (isModel(type))
      return [...value].flatMap(([name, entry]) => this.#ofField(type, name, entry, `${path}.${name}`));
    return [`parameter ${path} is a structure, and the SDK sends a value`];
  }

  #ofAnswer(type: unknown, value: unknown, path: string): string[] {
    if (value === undefined || value === null) return [];
    if (isModel(type)) {
      if (typeof value !== 'object' || Array.isArray(value)) return [`${path} is no structure`];
      return Object.entries(value).flatMap(([name, entry]) => {
        const known = this.#typeOf(type, name);
        return known === undefined
          ? [`${path}.${name} is unknown`]
          : this.#ofAnswer(known, entry, `${path}.${name}`);
      });
    }
    const item = itemType(type);
    if (item !== undefined)
      return Array.isArray(value)
        ? value.flatMap((entry, index) => this.#ofAnswer(item, entry, `${path}[${index}]`))
        : [`${path} is no list`];
    const fits = isMap(type) ? typeof value === 'object' : typeof value === type;
    return fits ? [] : [`${path} is no ${nameOf(type)}`];
  }
}

function isModel(value: unknown): value is Model {
  return typeof value === 'function' && 'names' in value && 'types' in value;
}

function itemType(type: unknown): unknown {
  return typeof type === 'object' && type !== null && 'itemType' in type ? type.itemType : undefined;
}

function isMap(type: unknown): boolean {
  return typeof type === 'object' && type !== null && 'type' in type && type.type === 'map';
}

function nameOf(type: unknown): string {
  return typeof type === 'string' ? type : 'structure';
}

/** Whether a value of the query can be one of that type. */
function isText(type: unknown, value: string): boolean {
  if (type === 'number') return value !== '' && Number.isFinite(Number(value));
  return type === 'string' || (type === 'boolean' && (value === 'true' || value === 'false'));
}
