import { exitWith } from './progress.mjs';
import { setup } from './setup.mjs';
import { runStages, STATIC_STAGES } from './stages.mjs';

try {
  await setup({ build: false, redis: false });
  const { failed } = await runStages([...STATIC_STAGES, 'unit']);
  console.log(failed === 0 ? '\nAll is well.' : `\n${failed} failed.`);
  process.exitCode = failed === 0 ? 0 : 1;
} catch (error) {
  exitWith(error);
}
