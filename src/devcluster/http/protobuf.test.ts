import { describe, expect, it } from 'vitest';
import { decodeProtobuf } from './protobuf.ts';

/** A field of bytes: text, or the fields of another message. */
function field(number: number, value: string | Buffer | Buffer[]): Buffer {
  const bytes = Array.isArray(value) ? Buffer.concat(value) : Buffer.from(value);
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
}

function int(number: number, value: number): Buffer {
  return Buffer.concat([varint(number << 3), varint(value)]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return Buffer.from([...bytes, Number(rest)]);
}

function envelope(apiVersion: string, kind: string, object: Buffer[]): Buffer {
  const typeMeta = field(1, [field(1, apiVersion), field(2, kind)]);
  return Buffer.concat([Buffer.from('k8s\0'), typeMeta, field(2, object), field(3, ''), field(4, '')]);
}

const metadata = field(1, [
  field(1, 'x'),
  field(2, ''),
  int(7, 0),
  field(8, []),
  field(11, [field(1, 'a'), field(2, 'b')]),
  field(11, [field(1, 'c'), field(2, 'd')]),
]);

describe('protobuf', () => {
  it('gives what JSON would', () => {
    const secret = envelope('v1', 'Secret', [
      metadata,
      field(2, [field(1, 'k'), field(2, Buffer.from([0, 255]))]),
      field(3, 'Opaque'),
    ]);
    expect(decodeProtobuf(secret)).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'x', labels: { a: 'b', c: 'd' } },
      data: { k: 'AP8=' },
      type: 'Opaque',
    });
  });

  it('tells a zero that was meant from one that was not', () => {
    const spec = field(2, [
      int(1, 0),
      int(5, 0),
      int(7, 0),
      field(3, [field(2, [field(2, [field(1, 'c'), int(16, 1)])])]),
    ]);
    expect(
      decodeProtobuf(envelope('apps/v1', 'Deployment', [metadata, spec, field(3, [int(99, 1)])])),
    ).toMatchObject({
      spec: { replicas: 0, template: { spec: { containers: [{ name: 'c', stdin: true }] } } },
    });
  });

  it('knows the types of its own', () => {
    const quantities = field(8, [field(1, [field(1, 'cpu'), field(2, [field(1, '100m')])])]);
    const ref = field(7, [field(1, 'E'), field(3, [field(4, [field(1, [field(1, 's')]), field(2, 'k')])])]);
    const template = field(6, [field(2, [field(2, [quantities, ref])])]);
    expect(
      decodeProtobuf(envelope('batch/v1', 'Job', [metadata, field(2, [template, int(7, -1)])])),
    ).toMatchObject({
      spec: {
        backoffLimit: -1,
        template: {
          spec: {
            containers: [
              {
                resources: { limits: { cpu: '100m' } },
                env: [{ name: 'E', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }],
              },
            ],
          },
        },
      },
    });
    const budget = field(2, [field(1, [int(1, 1), field(3, '50%')]), field(3, [int(1, 0), int(2, 0)])]);
    expect(decodeProtobuf(envelope('policy/v1', 'PodDisruptionBudget', [budget]))).toMatchObject({
      spec: { minAvailable: '50%', maxUnavailable: 0 },
    });
  });

  it.each([
    ['no protobuf', Buffer.from('{}'), 'the body is no Kubernetes protobuf'],
    ['an unknown kind', envelope('v1', 'Node', []), 'protobuf bodies of kind "Node" are not understood here'],
    [
      'an unknown field',
      envelope('v1', 'ConfigMap', [int(77, 1)]),
      'field 77 of protobuf message ConfigMap is not understood here',
    ],
    ['a cut end', envelope('v1', 'ConfigMap', [metadata]).subarray(0, 30), 'is cut off'],
    ['a number for bytes', envelope('v1', 'ConfigMap', [int(1, 1)]), 'has a number where bytes belong'],
    ['a fixed number', envelope('v1', 'ConfigMap', [Buffer.from([0x0d, 1, 2, 3, 4])]), 'unknown wire type 5'],
  ])('refuses %s', (_what, body, message) => {
    expect(() => decodeProtobuf(body)).toThrow(message);
  });
});
