import { describe, expect, test } from 'vitest';
import { parseFieldPath } from './field-path.ts';
import { parseManifests } from './parse-manifests.ts';

const pod = 'apiVersion: v1\nkind: Pod\nmetadata: { name: a }\n';

function problemsIn(text: string): readonly string[] {
  return parseManifests(text, 'pods.yaml').problems;
}

describe('the objects of a text', () => {
  test('come from documents, empty ones left out, with the line where each begins', () => {
    const { manifests, problems } = parseManifests(
      `# comment\n---\n${pod}---\n---\n# none\n---\n\n${pod}`,
      'f',
    );
    expect(problems).toEqual([]);
    expect(manifests.map(({ file, line, object }) => [file, line, object.kind])).toEqual([
      ['f', 3, 'Pod'],
      ['f', 11, 'Pod'],
    ]);
  });

  test('come out of lists, nested and typed ones too', () => {
    const item = (indent: string, kind: string) => `${indent}- ${kind}metadata: { name: x }\n`;
    const list = `apiVersion: v1\nkind: List\nitems:\n${item('  ', 'apiVersion: v1\n    kind: Secret\n    ')}`;
    const nested = `${list}  - apiVersion: apps/v1\n    kind: DeploymentList\n    items:\n${item('      ', '')}`;
    const { manifests } = parseManifests(nested, 'f');
    expect(manifests.map(({ line, object }) => [line, object.apiVersion, object.kind])).toEqual([
      [4, 'v1', 'Secret'],
      [10, 'apps/v1', 'Deployment'],
    ]);
  });

  test('are read from JSON as well', () => {
    const { manifests } = parseManifests('{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}', 'f');
    expect(manifests[0]?.object.metadata.name).toBe('a');
  });

  test('have their scalars as kubectl takes them', () => {
    const scalars = 'data: { mode: 0644, yes: yes, date: 2026-01-02, time: 12:30:45, quoted: "0644" }\n';
    expect(parseManifests(`${pod}${scalars}`, 'f').manifests[0]?.object.data).toEqual({
      mode: 0o644,
      true: true,
      date: '2026-01-02',
      time: '12:30:45',
      quoted: '0644',
    });
  });
});

describe('what is wrong is named with file and line', () => {
  test.each([
    [`${pod}spec: [\n`, 'pods.yaml:5: Flow sequence'],
    [`${pod}kind: Job\n`, 'pods.yaml:4: Map keys must be unique'],
    [`${pod}---\nkind: Pod\nmetadata: { name: a }\n`, 'pods.yaml:5: the object has no apiVersion'],
    ['---\nmetadata: { name: a }\n', 'pods.yaml:2: the object has no apiVersion and no kind'],
    ['- 1\n', 'pods.yaml:1: an object with apiVersion and kind was expected here'],
    ['text\n', 'pods.yaml:1: an object with apiVersion'],
    ['apiVersion: v1\nkind: Pod\nspec: {}\n', 'pods.yaml:1: the Pod has no metadata.name'],
    ['apiVersion: v1\nkind: Pod\nmetadata: a\n', 'pods.yaml:1: metadata of the Pod is not an object'],
    ['apiVersion: v1\nkind: Pod\nmetadata: { name: a, namespace: 1 }\n', 'metadata.namespace of the Pod'],
    ['apiVersion: v1\nkind: List\nitems:\n  - kind: Pod\n', 'pods.yaml:4: the object has no apiVersion'],
  ])('%#', (text, problem) => {
    expect(problemsIn(text).join('\n')).toContain(problem);
  });

  test('all of it at once, and the good objects all the same', () => {
    const { manifests, problems } = parseManifests(`kind: A\n---\n${pod}---\nkind: B\n`, 'f');
    expect([manifests.length, problems.length]).toEqual([1, 2]);
  });

  test('a bomb of aliases is refused', () => {
    const levels = Array.from({ length: 12 }, (_, level) => {
      const inner =
        level === 0
          ? 'x'
          : Array(9)
              .fill(`*a${level - 1}`)
              .join(', ');
      return `a${level}: &a${level} [${inner}]`;
    });
    expect(problemsIn(`${pod}${levels.join('\n')}\n`).join()).toMatch(/pods.yaml:1: .*alias/i);
  });
});

test('a key that YAML takes for a boolean is told, and the object is taken all the same', () => {
  const text = `${pod}data:\n  y: 1\n  "n": 2\n  false: 3\n`;
  const { manifests, problems } = parseManifests(text, 'f');
  expect(problems).toEqual(['f:5: the key y means true in YAML; write "y" in quotes']);
  expect(manifests).toHaveLength(1);
});

describe('the line of a field', () => {
  const text = `${pod}spec:
  containers:
    - name: c
      ports:
        - { containerPort: 80 }
        - containerPort: 81
          hostPort: 81
      resources:
        limits: &limits
          nvidia.com/gpu: 1
    - name: d
      resources: { limits: *limits }
`;
  const [manifest] = parseManifests(text, 'f').manifests;

  test.each([
    ['spec.containers[0].ports[1].hostPort', 10],
    ['spec.containers[0].ports[0].containerPort', 8],
    ['spec.containers[0].resources.limits[nvidia.com/gpu]', 13],
    ['spec.containers[1].resources.limits[nvidia.com/gpu]', 13],
    ['spec.containers[0].volumeMounts[0]', 6],
    ['spec.volumes[3].hostPath', 4],
    ['status', 1],
    ['', 1],
  ])('%s', (field, line) => {
    expect(manifest?.lineOf(parseFieldPath(field))).toBe(line);
  });
});

test('a field path comes apart into keys and indices', () => {
  expect(parseFieldPath('spec.nodeSelector[kubernetes.io/os]')).toEqual([
    'spec',
    'nodeSelector',
    'kubernetes.io/os',
  ]);
  expect(parseFieldPath('spec.containers[12].image')).toEqual(['spec', 'containers', 12, 'image']);
});
