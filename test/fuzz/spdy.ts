/**
 * Feeds the SPDY server with conversations that are broken in seeded ways: `node test/fuzz/spdy.ts --minutes 10`.
 * A failure names its seed; `--seed N --cases 1` runs that case alone.
 */
import { runCases } from './run-cases.ts';
import { spdyCase } from './spdy-case.ts';

await runCases(spdyCase);
