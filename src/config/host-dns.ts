import { readFile } from 'node:fs/promises';
import type { DnsSpec } from '../../providers/contract/index.ts';
import type { DnsSettings } from './settings.ts';

const resolvConf = '/etc/resolv.conf';

/**
 * What instances are told about DNS: what the settings say of the cluster's, and this machine's own resolvers. A machine
 * without the file has none to tell.
 */
export async function readNodeDns({ nameservers = [], domain = 'cluster.local' }: DnsSettings): Promise<{
  clusterDns: readonly string[];
  clusterDomain: string;
  host: DnsSpec;
}> {
  const text = await readFile(resolvConf, 'utf8').catch(() => '');
  return { clusterDns: nameservers, clusterDomain: domain, host: parseResolvConf(text) };
}

/** resolv.conf(5): the last `search` counts, options add up. */
export function parseResolvConf(text: string): DnsSpec {
  const nameservers: string[] = [];
  const options: { name: string; value?: string }[] = [];
  let searches: string[] = [];
  for (const line of text.split('\n')) {
    const [keyword, ...words] = line
      .replace(/[#;].*$/, '')
      .trim()
      .split(/\s+/);
    if (keyword === 'nameserver' && words[0]) nameservers.push(words[0]);
    else if (keyword === 'search' || keyword === 'domain') searches = words;
    else if (keyword === 'options') {
      for (const word of words) {
        const [name = '', value] = word.split(':');
        options.push(value === undefined ? { name } : { name, value });
      }
    }
  }
  return { nameservers, searches, options };
}
