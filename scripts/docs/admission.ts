import { stringify } from 'yaml';
import { restraintOf } from '../../providers/contract/index.ts';
import type { Pod } from '../../src/kube/types.ts';
import { examplePod } from '../../src/pods/admission/example-pod.ts';
import { examples } from '../../src/pods/admission/examples.ts';
import { sentence } from '../../src/pods/admission/finding.ts';
import { isProviderRule, type Rule, subjectOf, supportOf } from '../../src/pods/admission/rule.ts';
import { rules } from '../../src/pods/admission/rules.ts';
import { type Situation, situations } from '../../src/pods/admission/situations.ts';
import { type AdmissionContext, verdict } from '../../src/pods/admission/verdict.ts';
import { code, fenced, generatedNotice, page, table } from './markdown.ts';
import { capabilitiesOf, providers } from './providers.ts';

/** docs/reference/admission.md: every refusal, its text and a Pod that gets it. */
export function admissionPage(): string {
  const refusals = rules.filter((rule) => refusersOf(rule).length > 0);
  return page(
    generatedNotice,
    '# Why a Pod is refused',
    [
      'A virtual node decides on a Pod before it asks its provider for anything. A Pod that cannot be what it asks to be',
      'gets the phase `Failed`, a reason that stays the same between releases, a message that names each field at fault,',
      'the cause and the way out, and one Event with the same text. Nothing is created for it. When several things stand',
      'against a Pod the message lists them all, and the first gives the reason.',
    ].join('\n'),
    '`burstlet check -f pods.yaml` gives the same verdicts without a cluster. What is not refused is honoured or emulated: see [capabilities](capabilities.md).',
    [
      'An ephemeral container (`kubectl debug`) comes when its Pod runs already. One that cannot be what it asks to be does',
      'not fail the Pod: it waits, and its own status and one Event give the reason and the text.',
    ].join('\n'),
    [
      'Where the provider has no means for what only takes rights away from programs, such as a seccomp profile, the operator of',
      'the node may consent to run Pods without it: [Restraints that are not enforced](not-enforced.md). The message then also',
      'names the setting, and so do the sections below.',
    ].join('\n'),
    'In the tables `container.` stands for regular, init and ephemeral containers.',
    '## All reasons',
    table(
      ['Reason', 'Asked for by', 'Refused by'],
      [
        ...refusals.map((rule) => [
          code(rule.reason),
          isProviderRule(rule) ? code(rule.feature) : rule.fields.map(code).join(', '),
          refusersOf(rule).join(', '),
        ]),
        ...situations.map(({ reason, when }) => [code(reason), '', when]),
      ],
    ),
    '## Fields that are refused',
    ...refusals.map(ruleSection),
    '## Pods that do not fit',
    ...situations.map(situationSection),
  );
}

function refusersOf(rule: Rule): string[] {
  if (!isProviderRule(rule)) return ['every node'];
  return providers
    .filter(({ capabilities }) => supportOf(rule, capabilities.features).support === 'refused')
    .map(({ name }) => name);
}

function ruleSection(rule: Rule): string {
  const [example = {}] = examples[subjectOf(rule)]?.asks ?? [];
  const pod = examplePod(example);
  const texts = providers.flatMap(({ name, capabilities }) => {
    const found = supportOf(rule, capabilities.features).support === 'refused';
    const said = found ? textOf(pod, { capabilities }, rule.reason) : undefined;
    return said === undefined ? [] : [{ name, said }];
  });
  const distinct = [...new Set(texts.map(({ said }) => said))];
  const lines = distinct.map((said) => {
    const names = texts.filter((text) => text.said === said).map(({ name }) => name);
    return isProviderRule(rule) ? `${names.join(', ')}:\n\n> ${said}` : `> ${said}`;
  });
  const restraint = isProviderRule(rule) ? restraintOf(rule.feature) : undefined;
  if (restraint !== undefined)
    lines.push(`A node with ${code(`unenforced: [${restraint}]`)} runs it without, and says so.`);
  return page(`### ${rule.reason}: ${code(subjectOf(rule))}`, snippet(pod), ...lines).trimEnd();
}

function situationSection({ reason, when, pod, provider, node, room, sold }: Situation): string {
  const context: AdmissionContext = {
    capabilities: capabilitiesOf(provider),
    ...(node === undefined ? {} : { node }),
    ...(room === undefined ? {} : { room }),
    ...(sold === undefined ? {} : { sold }),
  };
  return page(`### ${reason}`, when, snippet(pod), `> ${textOf(pod, context, reason) ?? ''}`).trimEnd();
}

/** The one finding of this reason, as it stands in the message. */
function textOf(pod: Pod, context: AdmissionContext, reason: string): string | undefined {
  const outcome = verdict(pod, context);
  const finding = outcome.admitted ? undefined : outcome.findings.find((one) => one.reason === reason);
  if (finding === undefined) return undefined;
  const said = sentence(finding);
  const isLater = finding.fields.every((field) => field.startsWith('spec.ephemeralContainers'));
  return isLater ? said : `Pod was rejected: ${said}`;
}

/** What matters of the Pod. */
function snippet({ metadata: { ownerReferences } = {}, spec }: Pod): string {
  const owners = ownerReferences === undefined ? {} : { metadata: { ownerReferences } };
  return fenced('yaml', stringify({ ...owners, spec }));
}
