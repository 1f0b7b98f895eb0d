import { ProviderError } from '../../contract/errors.ts';

const maxValueBytes = 2 ** 20;

/** A stream of JSON values, one a line, however the network has cut it. Lines that are empty are none. */
export async function* readJsonStream<T>(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<T, void, undefined> {
  let rest = Buffer.alloc(0);
  for await (const chunk of chunks) {
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(0x0a); end !== -1; end = rest.indexOf(0x0a)) {
      const line = rest.subarray(0, end).toString().trim();
      rest = rest.subarray(end + 1);
      if (line !== '') yield parse<T>(line);
    }
    if (rest.length > maxValueBytes)
      throw new ProviderError('Retryable', `the engine sent a line of more than ${maxValueBytes} bytes`);
  }
  const last = rest.toString().trim();
  if (last !== '') yield parse<T>(last);
}

function parse<T>(line: string): T {
  try {
    return JSON.parse(line) as T;
  } catch (cause) {
    throw new ProviderError('Retryable', 'the engine sent a line that is no JSON', { cause });
  }
}
