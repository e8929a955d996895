import { enter } from './enter.mjs';
import { exitWith } from './progress.mjs';
import { setup } from './setup.mjs';

try {
  await setup({ redis: !process.env.REDIS_URL });
  await enter('cli/main.js', ['start', 'all', ...process.argv.slice(2)]);
} catch (error) {
  exitWith(error);
}
