import type { RestraintName } from '../../../providers/contract/index.ts';

/** One thing that keeps a Pod from this node. */
export interface Finding {
  /** CamelCase, stable. */
  readonly reason: string;
  /** The fields at fault, e.g. `spec.containers[0].ports[0].hostPort`. */
  readonly fields: readonly string[];
  /** What is wrong, without the way out. */
  readonly text: string;
  /** The way out; absent where the kubelet's own text says all. */
  readonly instead?: string;
  /** The operator of the node may consent to it: how that is named in the setting `unenforced`. */
  readonly restraint?: RestraintName;
}

/** Fields named in one message; a Pod with a hundred containers needs no longer one. */
const maxFields = 5;

/** `a, b: why`, for findings that are about fields. */
export function aboutFields(fields: readonly string[], why: string): string {
  const named = fields.slice(0, maxFields).join(', ');
  const rest = fields.length - maxFields;
  return `${named}${rest > 0 ? ` and ${rest} more` : ''}: ${why}`;
}

/** All findings, and the consent that would do without some of them. */
export function messageOf(findings: readonly Finding[]): string {
  const names = new Set(findings.flatMap(({ restraint }) => restraint ?? []));
  const consent =
    names.size === 0
      ? []
      : [
          `The operator of the node may consent to do without: unenforced: [${[...names].join(', ')}] in burstlet.yaml`,
        ];
  return [...findings.map(sentence), ...consent].join('. ');
}

/** The finding in one sentence, without a full stop. */
export function sentence({ text, instead }: Finding): string {
  return instead === undefined ? text : `${text}; instead: ${instead}`;
}
