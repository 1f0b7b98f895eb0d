import { expect, test } from 'vitest';
import { parseResolvConf } from './host-dns.ts';

test('resolv.conf: comments go, the last search counts, options add up', () => {
  const text =
    '# made by hand\nnameserver 192.0.2.53 ; first\nsearch old.example\nsearch a.example b.example\noptions ndots:2 rotate\noptions timeout:1\n';
  expect(parseResolvConf(text)).toEqual({
    nameservers: ['192.0.2.53'],
    searches: ['a.example', 'b.example'],
    options: [{ name: 'ndots', value: '2' }, { name: 'rotate' }, { name: 'timeout', value: '1' }],
  });
});
