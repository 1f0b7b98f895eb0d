import { describe, expect, test } from 'vitest';
import { podFeatures } from '../../../providers/contract/index.ts';
import { type ContainerList, examplePod } from './example-pod.ts';
import { examples, type Fragment } from './examples.ts';
import { isProviderRule, subjectOf } from './rule.ts';
import { rules } from './rules.ts';

const lists: readonly ContainerList[] = ['containers', 'initContainers', 'ephemeralContainers'];

/** Where the container of a fragment may stand. */
function placesOf(fragment: Fragment): readonly ContainerList[] {
  return fragment.container === undefined ? ['containers'] : lists;
}

test('every feature of the catalogue has exactly one rule, and every rule has examples', () => {
  const subjects = rules.map(subjectOf);
  expect(new Set(subjects).size).toBe(subjects.length);
  expect(
    rules
      .filter(isProviderRule)
      .map(({ feature }) => feature)
      .toSorted(),
  ).toEqual(podFeatures.toSorted());
  expect(subjects.toSorted()).toEqual(Object.keys(examples).toSorted());
});

test('reasons are CamelCase, and a Pod that asks for nothing asks for nothing', () => {
  for (const { reason } of rules) expect(reason).toMatch(/^[A-Z][A-Za-z]+$/);
  for (const rule of rules) expect(rule.find(examplePod({})), subjectOf(rule)).toEqual([]);
});

describe.each(rules.map((rule) => [subjectOf(rule), rule] as const))('%s', (subject, rule) => {
  const { asks, asksNot } = examples[subject] ?? { asks: [], asksNot: [] };

  test('is found where it is asked for', () => {
    expect(asks.length).toBeGreaterThan(0);
    for (const example of asks)
      for (const list of placesOf(example)) {
        const expected = example.fields.map((field) => field.replace(/^container\./, `spec.${list}[0].`));
        expect(rule.find(examplePod(example, list)), list).toEqual(expected);
      }
  });

  test('is not found where it is not', () => {
    expect(asksNot.length).toBeGreaterThan(0);
    for (const example of asksNot)
      for (const list of placesOf(example)) expect(rule.find(examplePod(example, list)), list).toEqual([]);
  });
});
