/**
 * Loaded into a process of ours with `node --import`: the process runs as it is built, and dies
 * where it is told to.
 *
 * `COURIER_TEST_CRASH_AT`     the point at which it kills itself, as `settle:before:1`
 * `COURIER_TEST_CRASH_TRACE`  a file that gets every point it passes, a line each
 */
import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { watchHttp } from './http-points.mjs';
import { createPassage } from './passage.mjs';
import { watchRedis } from './redis-points.mjs';
import { readScripts } from './script-names.mjs';

const { COURIER_TEST_CRASH_AT: crashAt, COURIER_TEST_CRASH_TRACE: traceFile } = process.env;

const pass = createPassage((point) => {
  if (traceFile) appendFileSync(traceFile, `${point}\n`);
  // Nothing runs after this line: no handler, no flush, no farewell to a socket.
  if (point === crashAt) process.kill(process.pid, 'SIGKILL');
});
watchRedis(pass, readScripts(path.resolve(import.meta.dirname, '../../dist')));
watchHttp(pass);
