import { AssertionError } from 'node:assert';

/** The promise, or a failure that says what did not happen in time (as it is then, when `what` is a function). */
export async function within<T>(
  seconds: number,
  what: string | (() => string),
  promise: Promise<T>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const expected = typeof what === 'string' ? what : what();
      reject(new AssertionError({ message: `expected within ${seconds} s: ${expected}` }));
    }, seconds * 1000);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
