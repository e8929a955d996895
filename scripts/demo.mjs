import { enter } from './enter.mjs';
import { exitWith } from './progress.mjs';
import { setup } from './setup.mjs';

try {
  await setup();
  await enter('local/demo.js', process.argv.slice(2));
} catch (error) {
  exitWith(error);
}
