/**
 * Resolves with the first answer that is neither undefined nor false; looks again whenever the event loop has gone
 * round. Rejects after `seconds` of real time, with what `look` threw last or its own text.
 */
export async function eventually<T>(look: () => T | Promise<T>, seconds = 30): Promise<NonNullable<T>> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    let failure: unknown = new Error(`not so within ${seconds} s: ${look}`);
    try {
      const found = await look();
      if (found !== undefined && found !== null && found !== false) return found;
    } catch (error) {
      failure = error;
    }
    if (Date.now() > deadline) throw failure;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
