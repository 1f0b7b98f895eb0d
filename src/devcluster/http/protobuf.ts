import { badRequest } from '../store/api-error.ts';
import { isRecord, type Json, rfc3339 } from '../store/json.ts';
import { messages } from './protobuf-schema.ts';

export const protobufType = 'application/vnd.kubernetes.protobuf';

interface Field {
  readonly name: string;
  readonly type: string;
  readonly repeated: boolean;
  readonly inline: boolean;
  /** A zero says something. */
  readonly pointer: boolean;
}

const schema: ReadonlyMap<string, ReadonlyMap<number, Field>> = new Map(
  Object.entries(messages).map(([message, fields]) => [message, new Map(fields.split(', ').map(parseField))]),
);

function parseField(text: string): [number, Field] {
  const [number = '', declared = ''] = text.split(' ');
  const inline = declared.startsWith('...');
  const [name = '', type = 'string'] = inline ? ['', declared.slice(3)] : declared.split(':');
  const plain = type.replace(/(\[\])?\??$/, '');
  return [
    Number(number),
    { name, type: plain, repeated: type.endsWith('[]'), inline, pointer: type.endsWith('?') },
  ];
}

/**
 * An object in Kubernetes' protobuf envelope (k8s.io/apimachinery runtime/serializer/protobuf). Only what the schema
 * names is understood; anything else is an error that says so: nothing is silently dropped.
 */
export function decodeProtobuf(body: Buffer): Json {
  if (body.subarray(0, 4).toString('latin1') !== 'k8s\0')
    throw badRequest('the body is no Kubernetes protobuf');
  const envelope = fieldsOf(body.subarray(4), 'the envelope');
  const typeMeta = fieldsOf(bytes(envelope, 1), 'typeMeta');
  const apiVersion = bytes(typeMeta, 1).toString('utf8');
  const kind = bytes(typeMeta, 2).toString('utf8');
  if (!schema.has(kind)) {
    throw badRequest(
      `protobuf bodies of kind ${JSON.stringify(kind)} are not understood here: send application/json`,
    );
  }
  return { apiVersion, kind, ...decodeMessage(bytes(envelope, 2), kind) };
}

type Wire = readonly (readonly [number, Buffer | bigint])[];

function decodeMessage(body: Buffer, message: string): Json {
  const known = schema.get(message);
  const result: Json = {};
  for (const [number, value] of fieldsOf(body, message)) {
    const field = known?.get(number);
    if (field === undefined) {
      throw badRequest(
        `field ${number} of protobuf message ${message} is not understood here: send application/json`,
      );
    }
    const { name, type, repeated, inline, pointer } = field;
    if (type === 'Status') continue;
    if (type.startsWith('map')) {
      const entry = fieldsOf(buffer(value), name);
      const inner = type === 'map' ? 'string' : type.slice(4, -1);
      const map = isRecord(result[name]) ? result[name] : {};
      map[bytes(entry, 1).toString('utf8')] = decodeValue(bytes(entry, 2), inner);
      result[name] = map;
    } else if (inline) {
      Object.assign(result, decodeMessage(buffer(value), type));
    } else {
      const decoded = decodeValue(value, type);
      if (repeated) result[name] = [...(Array.isArray(result[name]) ? result[name] : []), decoded];
      else if (pointer || (decoded !== '' && decoded !== 0 && decoded !== false && decoded !== undefined)) {
        result[name] = decoded;
      }
    }
  }
  return result;
}

function decodeValue(value: Buffer | bigint, type: string): unknown {
  switch (type) {
    case 'string':
      return buffer(value).toString('utf8');
    case 'bytes':
      return buffer(value).toString('base64');
    case 'int':
      return Number(BigInt.asIntN(64, number(value)));
    case 'bool':
      return number(value) !== 0n;
    case 'Quantity':
      return bytes(fieldsOf(buffer(value), type), 1).toString('utf8');
    case 'IntOrString': {
      const parts = fieldsOf(buffer(value), type);
      const at = (wanted: number) => parts.findLast(([key]) => key === wanted)?.[1] ?? 0n;
      if (at(1) === 1n) return bytes(parts, 3).toString('utf8');
      return Number(BigInt.asIntN(32, number(at(2))));
    }
    case 'Time': {
      const seconds = fieldsOf(buffer(value), type).find(([key]) => key === 1)?.[1];
      return seconds === undefined ? undefined : rfc3339(Number(number(seconds)) * 1000);
    }
    default:
      return decodeMessage(buffer(value), type);
  }
}

/** The fields of one message as they come: varints as numbers, everything of a given length as bytes. */
function fieldsOf(body: Buffer, what: string): Wire {
  const fields: (readonly [number, Buffer | bigint])[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = body[at++];
      if (byte === undefined) break;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw badRequest(`the protobuf of ${what} is cut off`);
  };
  while (at < body.length) {
    const tag = Number(varint());
    if ((tag & 7) === 0) fields.push([tag >> 3, varint()]);
    else if ((tag & 7) === 2) {
      const length = Number(varint());
      if (at + length > body.length) throw badRequest(`the protobuf of ${what} is cut off`);
      fields.push([tag >> 3, body.subarray(at, at + length)]);
      at += length;
    } else throw badRequest(`the protobuf of ${what} has a field of unknown wire type ${tag & 7}`);
  }
  return fields;
}

function bytes(fields: Wire, wanted: number): Buffer {
  const found = fields.findLast(([key]) => key === wanted)?.[1];
  return found === undefined ? Buffer.alloc(0) : buffer(found);
}

function buffer(value: Buffer | bigint): Buffer {
  if (typeof value === 'bigint') throw badRequest('a protobuf field has a number where bytes belong');
  return value;
}

function number(value: Buffer | bigint): bigint {
  if (typeof value !== 'bigint') throw badRequest('a protobuf field has bytes where a number belongs');
  return value;
}
