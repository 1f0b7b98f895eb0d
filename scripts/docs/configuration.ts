import { configSchema } from '../../src/config/schema.ts';
import { code, fenced, generatedNotice, page, table } from './markdown.ts';

/** docs/reference/configuration.md: every key of burstlet.yaml, from the schema that validates it. */
export function configurationPage(example: string): string {
  const { nodes, ...others } = configSchema.properties;
  return page(
    generatedNotice,
    '# burstlet.yaml',
    [
      '`burstlet run --config burstlet.yaml` takes everything from one file of YAML 1.1. A file that is wrong is refused',
      'before anything starts; the exit code is then 2. Keys that are unknown or missing and values of a wrong type are told all',
      'at once, each with file, line and key. Then the values are looked at, and the first fault is told with file and key, or with',
      'file and node: names, addresses, labels, files that cannot be read, capacity, options of the provider.',
      'Of the flags only two go with a file: `--log-level`, which wins over `logLevel`, and `--deregister`.',
    ].join('\n'),
    'Relative paths are taken from the folder in which the daemon starts.',
    '## Keys of the file',
    keys(others, configSchema.required),
    '## Keys of each node',
    `\`nodes\` must be there: ${lowerFirst(nodes.description)}, at least one. Each is an object with these keys.`,
    keys(nodes.items.properties, nodes.items.required),
    '`options` are those of the provider: see [process](process-provider.md#options) and [mock](mock-provider.md#options).',
    '## Example',
    'The file [docs/examples/burstlet.yaml](../examples/burstlet.yaml):',
    fenced('yaml', example),
  );
}

/** A property as far as the table shows it. */
interface Property {
  readonly type?: string;
  readonly const?: string;
  readonly enum?: readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Property>>;
}

function keys(properties: Readonly<Record<string, Property>>, required: readonly string[]): string {
  return table(
    ['Key', 'Value', 'Must be there', 'Meaning'],
    rows(properties).map(([key, property]) => [
      code(key),
      shownValue(property),
      required.includes(key) ? 'yes' : '',
      property.description ?? '',
    ]),
  );
}

/** Nested keys with their path, each a row. */
function rows(properties: Readonly<Record<string, Property>>, prefix = ''): [string, Property][] {
  return Object.entries(properties).flatMap(([name, property]): [string, Property][] => [
    [`${prefix}${name}`, property],
    ...rows(property.properties ?? {}, `${prefix}${name}.`),
  ]);
}

function shownValue(property: Property): string {
  if (property.const !== undefined) return code(property.const);
  if (property.enum !== undefined) return property.enum.map(code).join(', ');
  return property.type ?? '';
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
