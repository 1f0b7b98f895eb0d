/** The pool alone: the entry point of undici loads its fetch, WebSocket, cache and mock code too, 15 MB of it. */
declare module 'undici/lib/dispatcher/pool.js' {
  import type { Pool } from 'undici';

  const pool: typeof Pool;
  // biome-ignore lint/style/noDefaultExport: it is what the CommonJS module exports.
  export default pool;
}
