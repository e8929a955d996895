import { exitWith } from './progress.mjs';
import { setup } from './setup.mjs';
import { runStages, STATIC_STAGES } from './stages.mjs';

try {
  await setup({ postgres: true, chromium: true, promtool: true });
  const { passed, failed } = await runStages([...STATIC_STAGES, 'unit', 'integration', 'e2e']);
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
} catch (error) {
  process.once('exit', () => console.log('\n0 passed, 1 failed'));
  exitWith(error);
}
