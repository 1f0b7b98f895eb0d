import { nodeTrouble } from './oldest-node.ts';

const trouble = nodeTrouble(process.versions.node);
if (trouble === undefined) {
  // Imported only now: an older Node.js fails on what the program imports, before a line of it runs.
  const { runProgram } = await import('./run-program.ts');
  await runProgram();
} else {
  console.error(trouble);
  process.exitCode = 2;
}
