/** What the fargate provider and its fake are held against that nobody of this project has written. */
import { againstMoto } from './moto.ts';
import { againstSessionPlugin } from './session-plugin-cases.ts';

interface Trial {
  readonly name: string;
  /** Resolves with why it was skipped; undefined = passed. */
  run(): Promise<string | undefined>;
}

const trials: readonly Trial[] = [
  { name: 'the provider against moto', run: againstMoto },
  { name: 'the fake of ECS exec against session-manager-plugin', run: againstSessionPlugin },
];

const counts = { passed: 0, failed: 0, skipped: 0 };
for (const { name, run } of trials) {
  try {
    const reason = await run();
    counts[reason === undefined ? 'passed' : 'skipped']++;
    console.log(reason === undefined ? `ok ${name}` : `skipped ${name}: ${reason}`);
  } catch (error) {
    counts.failed++;
    console.error(`failed ${name}:`, error);
    process.exitCode = 1;
  }
}
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
