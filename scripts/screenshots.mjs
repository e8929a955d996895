import { exitWith } from './progress.mjs';
import { run } from './run.mjs';
import { setup } from './setup.mjs';

try {
  await setup({ chromium: true, chineseFont: true });
  const args = ['--import', 'tsx', 'test/screenshots/main.ts'];
  const { code } = await run(process.execPath, args, { show: true });
  process.exitCode = code;
} catch (error) {
  exitWith(error);
}
