import {
  type PodFeature,
  podFeatures,
  restraintNames,
  restraintOf,
  restraints,
  type Support,
} from '../../providers/contract/index.ts';
import { nodeHandledFields } from '../../src/pods/admission/node-handled-fields.ts';
import { isProviderRule } from '../../src/pods/admission/rule.ts';
import { rules } from '../../src/pods/admission/rules.ts';
import { code, generatedNotice, page, table } from './markdown.ts';
import { providers } from './providers.ts';

/** docs/reference/capabilities.md: what each provider does with each field of a Pod. */
export function capabilitiesPage(): string {
  return page(
    generatedNotice,
    '# What each provider does with a Pod',
    [
      'Every field of a Pod is in one of these tables; a test compares them with the Kubernetes API, so that none is',
      'left out. A value that only repeats the default of the API asks for nothing.',
    ].join('\n'),
    [
      '- **honoured**: as on a node.',
      '- **emulated**: the effect is there by other means, or its lack does no harm; the notes say what differs.',
      '- **refused**: the Pod is refused before anything is created; see [admission](admission.md).',
      '- **refused\\***: likewise, unless the operator of the node consents to run it without: it is one of the [restraints](#restraints).',
    ].join('\n'),
    '## Asked of the provider',
    '`container.` stands for regular, init and ephemeral containers.',
    table(
      ['Field', ...providers.map(({ name }) => name)],
      podFeatures.map((feature) => [
        code(feature),
        ...providers.map(({ capabilities }) => shown(feature, capabilities.features[feature])),
      ]),
    ),
    ...providers.map(notes),
    '## Restraints',
    [
      'They take rights away from programs and give them nothing. These are all that can be named in `unenforced` of a node:',
      'Pods that ask for one where the provider refuses it [then run without it, and say so](not-enforced.md).',
    ].join('\n'),
    table(
      ['Name', 'Fields', 'Takes away'],
      restraintNames.map((name) => [
        code(name),
        restraints[name].features.map(code).join(', '),
        restraints[name].takes,
      ]),
    ),
    '## Refused by the node, whatever the provider',
    table(
      ['Field', 'Why', 'Instead'],
      rules.flatMap((rule) =>
        isProviderRule(rule)
          ? []
          : [[rule.fields.map(code).join(', '), rule.support.why, rule.support.instead]],
      ),
    ),
    '## Seen to by others',
    table(
      ['Field', 'By', 'What it does'],
      nodeHandledFields.map(({ field, by, how }) => [code(field), by, how]),
    ),
  );
}

function notes({ name, capabilities }: (typeof providers)[number]): string {
  const rows = podFeatures.flatMap((feature) => {
    const support = capabilities.features[feature];
    if (support.support === 'honoured') return [];
    const note = support.support === 'emulated' ? support.how : `${support.why}; instead: ${support.instead}`;
    return [[code(feature), shown(feature, support), note]];
  });
  const { images, needsCommand } = capabilities;
  const limits = [
    ...(images === undefined
      ? []
      : [`- Images: ${images.repositories.map(code).join(', ')} only; ${images.why}.`]),
    ...(needsCommand ? ['- Every container needs a `command`.'] : []),
  ];
  return page(`### Notes on ${name}`, limits.join('\n'), table(['Field', '', 'Note'], rows)).trimEnd();
}

/** With a mark where a consent would do. */
function shown(feature: PodFeature, { support }: Support): string {
  return support === 'refused' && restraintOf(feature) !== undefined ? 'refused\\*' : support;
}
