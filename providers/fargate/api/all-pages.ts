import { ProviderError } from '../../contract/index.ts';

/** A listing of more pages than this is a fault of the service, not a listing. */
const maxPages = 1000;

/** All pages of a listing, or rejected. */
export async function allPages<T>(
  name: string,
  page: (
    nextToken: string | undefined,
  ) => Promise<{ readonly items: readonly T[]; readonly nextToken: string | undefined }>,
): Promise<T[]> {
  const all: T[] = [];
  let nextToken: string | undefined;
  for (let pages = 0; pages < maxPages; pages++) {
    const answer = await page(nextToken);
    all.push(...answer.items);
    nextToken = answer.nextToken;
    if (nextToken === undefined) return all;
  }
  throw new ProviderError('Retryable', `${name}: more than ${maxPages} pages`);
}
