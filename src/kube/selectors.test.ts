import { describe, expect, it } from 'vitest';
import { hasLabels, matchesLabels, matchesNodeSelector, matchesNodeSelectorTerm } from './selectors.ts';

const labels = { app: 'web', tier: 'front', cores: '8' };
const node = { name: 'burst-0', labels };

describe('label selectors', () => {
  it.each([
    [undefined, false],
    [{}, true],
    [{ matchLabels: { app: 'web' } }, true],
    [{ matchLabels: { app: 'web', tier: 'back' } }, false],
    [{ matchLabels: { none: '' } }, false],
    [
      { matchLabels: { app: 'web' }, matchExpressions: [{ key: 'tier', operator: 'In', values: ['back'] }] },
      false,
    ],
    [{ matchExpressions: [{ key: 'tier', operator: 'In', values: ['back', 'front'] }] }, true],
    [{ matchExpressions: [{ key: 'none', operator: 'In', values: ['x'] }] }, false],
    [{ matchExpressions: [{ key: 'tier', operator: 'In' }] }, false],
    [{ matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['back'] }] }, true],
    [{ matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['front'] }] }, false],
    [{ matchExpressions: [{ key: 'none', operator: 'NotIn', values: ['x'] }] }, true],
    [{ matchExpressions: [{ key: 'tier', operator: 'Exists' }] }, true],
    [{ matchExpressions: [{ key: 'none', operator: 'Exists' }] }, false],
    [{ matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] }, false],
    [{ matchExpressions: [{ key: 'none', operator: 'DoesNotExist' }] }, true],
    [{ matchExpressions: [{ key: 'tier', operator: 'Near', values: ['front'] }] }, false],
  ])('%j: %s', (selector, expected) => {
    expect(matchesLabels(selector, labels)).toBe(expected);
  });

  it('see no labels where there are none', () => {
    expect(matchesLabels({ matchExpressions: [{ key: 'a', operator: 'DoesNotExist' }] }, undefined)).toBe(
      true,
    );
    expect(hasLabels(undefined, undefined)).toBe(true);
    expect(hasLabels({ app: 'web' }, labels)).toBe(true);
    expect(hasLabels({ app: 'db' }, labels)).toBe(false);
  });
});

describe('node selector terms', () => {
  const label = (key: string, operator: string, ...values: string[]) => ({
    matchExpressions: [{ key, operator, values }],
  });
  const field = (key: string, operator: string, ...values: string[]) => ({
    matchFields: [{ key, operator, values }],
  });
  it.each([
    [{}, false],
    [{ matchExpressions: [], matchFields: [] }, false],
    [label('app', 'In', 'web'), true],
    [label('none', 'NotIn', 'x'), true],
    [label('cores', 'Gt', '7'), true],
    [label('cores', 'Gt', '8'), false],
    [label('cores', 'Gt', '-9'), true],
    [label('cores', 'Lt', '10'), true],
    [label('cores', 'Lt', '8'), false],
    [label('app', 'Lt', '10'), false],
    [label('none', 'Lt', '10'), false],
    [label('cores', 'Gt', '1.5'), false],
    [label('cores', 'Gt', '1', '2'), false],
    [label('cores', 'Gt'), false],
    [label('cores', 'Lt', '9223372036854775807'), true],
    [label('cores', 'Lt', '9223372036854775808'), false],
    [field('metadata.name', 'In', 'burst-0'), true],
    [field('metadata.name', 'In', 'burst-1'), false],
    [field('metadata.name', 'NotIn', 'burst-1'), true],
    [field('metadata.name', 'NotIn', 'burst-0'), false],
    [field('metadata.name', 'In', 'burst-0', 'burst-1'), false],
    [field('metadata.name', 'Exists'), false],
    [field('metadata.uid', 'In', 'burst-0'), false],
    [{ ...label('app', 'In', 'web'), ...field('metadata.name', 'In', 'burst-1') }, false],
  ])('%j: %s', (term, expected) => {
    expect(matchesNodeSelectorTerm(term, node)).toBe(expected);
  });

  it('are alternatives; without any nothing matches', () => {
    const [yes, no] = [label('app', 'In', 'web'), label('app', 'In', 'db')];
    expect(matchesNodeSelector({ nodeSelectorTerms: [no, yes] }, node)).toBe(true);
    expect(matchesNodeSelector({ nodeSelectorTerms: [no, {}] }, node)).toBe(false);
    expect(matchesNodeSelector({ nodeSelectorTerms: [] }, node)).toBe(false);
  });
});
