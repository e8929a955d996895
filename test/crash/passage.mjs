import { appendFileSync } from 'node:fs';

/**
 * Counts the points a process passes. A point is `<label>:<moment>:<occurrence>`, as in
 * `settle:before:1`: the first time that the ledger's `settle` is about to be sent.
 *
 * @param {string | undefined} crashAt the point at which the process kills itself
 * @param {string | undefined} traceFile gets every point passed, a line each
 * @returns {(label: string, moment: string) => void}
 */
export function createPassage(crashAt, traceFile) {
  const passed = new Map();
  return (label, moment) => {
    const place = `${label}:${moment}`;
    const occurrence = (passed.get(place) ?? 0) + 1;
    passed.set(place, occurrence);
    const point = `${place}:${occurrence}`;
    if (traceFile) appendFileSync(traceFile, `${point}\n`);
    // Nothing runs after this line: no handler, no flush, no farewell to a socket.
    if (point === crashAt) process.kill(process.pid, 'SIGKILL');
  };
}
