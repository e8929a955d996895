import { exitWith } from './progress.mjs';
import { run } from './run.mjs';
import { setup } from './setup.mjs';

try {
  await setup();
  const args = ['--import', 'tsx', 'test/measure/main.ts', ...process.argv.slice(2)];
  const { code } = await run(process.execPath, args, { show: true });
  process.exitCode = code;
} catch (error) {
  exitWith(error);
}
