/**
 * A program for `node -e`: uses the share of a core that stands in its file, as exactly as can be (what it could not use
 * at once on a busy machine it makes up for), and writes its resident bytes beside it.
 */
export const burn = `
  const { readFileSync, writeFileSync } = require('node:fs');
  const file = process.argv[1];
  const used = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; };
  let wall = performance.now();
  let budget = used();
  setInterval(() => {
    const now = performance.now();
    budget += (now - wall) * Number(readFileSync(file, 'utf8'));
    wall = now;
    while (used() < budget);
  }, 50);
  setInterval(() => writeFileSync(file + '.' + process.env.HOSTNAME, String(process.memoryUsage.rss())), 1000);
  process.on('SIGTERM', () => process.exit());
`;
