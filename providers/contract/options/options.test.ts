import { describe, expect, test } from 'vitest';
import { ProviderError } from '../errors.ts';
import { type Read, readOptions, type Shape } from './shape.ts';
import {
  choose,
  eachOf,
  endpoint,
  flag,
  listOf,
  mapOf,
  number,
  object,
  oneOf,
  text,
  whole,
} from './shapes.ts';

function refusal(shape: Shape<unknown>, options: unknown): ProviderError {
  try {
    readOptions(shape, options);
  } catch (error) {
    if (error instanceof ProviderError) return error;
    throw error;
  }
  throw new Error('it was taken');
}

const vSwitch = object({ id: text('the ID of a vSwitch, vsw-...', /^vsw-/), zone: text('a zone') });
const keys = object({ id: text(), secret: text() });

const options = object({
  region: text('a region such as eu-west-1', /^[a-z]+-\d$/),
  vSwitches: listOf('a list of {id, zone}', vSwitch, { least: 1 }),
  instances: whole(1, 50).or(10),
  ratio: number(0).optional(),
  isPublic: flag().or(false),
  market: oneOf(['spot', 'on-demand']).or('spot'),
  tags: mapOf('at most two tags', text(), { most: 2, key: text('a lower case key', /^[a-z]+$/) }).or({}),
  keys: keys.secret().optional(),
});

const least = { region: 'eu-1', vSwitches: [{ id: 'vsw-1', zone: 'a' }] };

describe('what is right', () => {
  test('is as it was written, with the defaults; what may be left out is absent', () => {
    const read: Read<typeof options> = readOptions(options, least);
    expect(read).toStrictEqual({ ...least, instances: 10, isPublic: false, market: 'spot', tags: {} });
  });

  test('takes all there is', () => {
    const given = {
      ...least,
      ...{ instances: 50, ratio: 0.5, isPublic: true, market: 'on-demand', tags: { a: 'b' } },
      keys: { id: 'a', secret: 'b' },
    };
    expect(readOptions(options, given)).toStrictEqual(given);
  });

  test('is chosen by what it is, and becomes what it shall be', () => {
    const percent = choose<number>('a part or a percentage', (value) => {
      if (typeof value === 'number') return number(0, 1);
      return typeof value === 'string'
        ? text('a percentage', /^\d+%$/).as((part) => Number.parseInt(part, 10) / 100)
        : undefined;
    });
    const parts = eachOf(['a', 'b', 'c'], percent);
    expect(readOptions(parts, { a: 0.5, b: '25%' })).toEqual({ a: 0.5, b: 0.25 });
    expect(refusal(parts, { a: true, b: 'x', c: 2 }).message.split('\n  ')).toEqual([
      'provider.options.a: expected a part or a percentage, found true',
      'provider.options.b: expected a percentage, found "x"',
      'provider.options.c: expected a number from 0 to 1, found 2',
    ]);
  });
});

describe('what is wrong', () => {
  test('is told all at once: where, what was expected, what was found, and what can be done', () => {
    const error = refusal(options, {
      region: 5,
      vSwitches: [{ id: 'vsw-1', zone: 'a' }, { id: 'x' }, 'vsw-2'],
      instances: 51,
      ratio: Number.NaN,
      isPublic: 'yes',
      market: null,
      tags: { a: 1, B: '', 'c.d': 'x' },
      vSwitch: 'vsw-1',
      toString: 1,
    });
    const known = 'region, vSwitches, instances, ratio, isPublic, market, tags, keys';
    expect(error.message.split('\n  ')).toEqual([
      'provider.options.region: expected a region such as eu-west-1, found 5',
      'provider.options.vSwitches[1].id: expected the ID of a vSwitch, vsw-..., found "x"',
      'provider.options.vSwitches[1].zone: is missing; give a zone',
      'provider.options.vSwitches[2]: expected {id, zone}, found "vsw-2"',
      'provider.options.instances: expected a whole number from 1 to 50, found 51; leave it out for 10',
      'provider.options.ratio: expected a number of 0 or more, found NaN',
      'provider.options.isPublic: expected true or false, found "yes"; leave it out for false',
      'provider.options.market: expected one of spot, on-demand, found null; leave it out for spot',
      'provider.options.tags: expected at most two tags, found an object',
      'provider.options.tags.a: expected text, found 1',
      'provider.options.tags.B: expected a lower case key, found "B"',
      'provider.options.tags.B: expected text, found ""',
      'provider.options.tags["c.d"]: expected a lower case key, found "c.d"',
      `provider.options.vSwitch: there is no such option; correct it to one of ${known}, or remove it`,
      `provider.options.toString: there is no such option; correct it to one of ${known}, or remove it`,
    ]);
    expect(error).toMatchObject({ kind: 'InvalidSpec', field: 'provider.options.region' });
  });

  test.each([null, [], 'x', undefined])('is %j instead of options', (given) => {
    expect(refusal(options, given).message).toMatch(
      /^provider\.options: (expected|is missing; give) \{region, /,
    );
  });

  test('is a list too short', () => {
    const message = refusal(options, { ...least, vSwitches: [] }).message;
    expect(message).toBe('provider.options.vSwitches: expected a list of {id, zone}, found a list of 0');
  });

  test('between keys is told where none of them has a fault of its own', () => {
    const range = object({ least: number(0), most: number(0).optional() }, ({ least = 0, most = 0 }) => ({
      most: most < least && `expected ${least} or more`,
    }));
    expect(readOptions(range, { least: 9, most: 9 })).toEqual({ least: 9, most: 9 });
    expect(refusal(range, { least: 9, most: 3 }).message).toBe('provider.options.most: expected 9 or more');
    expect(refusal(range, { least: 9, most: 'x' }).message.split('\n')).toHaveLength(1);
  });

  test('of a single value is not looked for in one that has a fault', () => {
    const even = whole(0).unless((value) => value % 2 > 0 && `${value} is odd`);
    expect(refusal(even, 3).message).toBe('provider.options: 3 is odd');
    expect(refusal(even, 1.5).message).toContain('expected a whole number of 0 or more, found 1.5');
    expect(readOptions(even.optional(), undefined)).toBeUndefined();
    const two = listOf('two', even).unless((list) => list.length !== 2 && 'not two');
    expect(refusal(two, [2]).message).toBe('provider.options: not two');
    expect(refusal(two, [2, 3]).message).toBe('provider.options[1]: 3 is odd');
    const made = object({ a: even }).as(({ a }) => a.toFixed(1));
    expect(readOptions(made, { a: 2 })).toBe('2.0');
    expect(refusal(made, { a: 3 }).message).toBe('provider.options.a: 3 is odd');
    const pair = mapOf('two', even).unless((map) => Object.keys(map).length !== 2 && 'not two');
    expect(refusal(pair, { a: 2, b: 3 }).message).toBe('provider.options.b: 3 is odd');
  });

  test('shows no secret', () => {
    const secret = 'hunter2';
    for (const given of [
      { keys: secret },
      { keys: [secret] },
      { keys: { id: [secret], secret: { secret } } },
      { region: `https://me:${secret}@example.com` },
      { region: { secret } },
      { tags: [secret] },
      { secret },
    ]) {
      const { message } = refusal(options, { ...least, ...given });
      expect(message).not.toContain(secret);
    }
    expect(refusal(options, { ...least, keys: 5 }).message).toBe(
      'provider.options.keys: expected {id, secret}',
    );
  });

  test('does not fill the log', () => {
    const long = 'x'.repeat(100_000);
    const items = Array.from({ length: 100 }, () => ({ [long]: long, id: long }));
    const lines = refusal(options, { ...least, vSwitches: items }).message.split('\n  ');
    expect(lines.at(-1)).toBe('and 280 more');
    expect(lines.join('').length).toBeLessThan(10_000);
  });
});

test.each([
  ['https://example.com', true],
  ['http://127.0.0.1:8080', true],
  ['http://[::1]', true],
  ['http://localhost/x', true],
  ['http://example.com', false],
  ['http://localhost:x@example.com', false],
  ['http://127.0.0.1.example.com', false],
  ['ftp://localhost', false],
  ['example.com', false],
  [5, false],
])('%s is an endpoint: %s', (value, isOne) => {
  const read = () => readOptions(endpoint(), value);
  if (isOne) expect(read()).toBe(value);
  else expect(read).toThrow('expected an https URL, or an http URL of this machine');
});
