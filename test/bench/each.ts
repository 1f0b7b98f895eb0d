const parallel = 64;

/** Does the work for every name, as many at a time as a busy cluster has clients. */
export async function each(
  names: readonly string[],
  work: (name: string) => Promise<unknown>,
): Promise<void> {
  const queue = names.values();
  await Promise.all(
    Array.from({ length: parallel }, async () => {
      for (const name of queue) await work(name);
    }),
  );
}
