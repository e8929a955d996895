/**
 * A place in the life of a process, as `<label>:<moment>:<occurrence>`. The label is a script or
 * command of Redis (`settle`, `template.moveToFinished`, `zrem.dead-pending`) or a request to WeChat
 * (`http.send`, `http.token`); the occurrence counts from 1 in each process.
 */
export type CrashPoint = string;

const POINT = /^[\w.-]+:[A-Za-z]+:[1-9]\d*$/;

/** @throws Error for a text that names no point */
export function parsePoint(text: string): CrashPoint {
  if (POINT.test(text)) return text;
  throw new Error(`expected a point as settle:before:1, got "${text}"`);
}

/** The points of a recorded run from one of them on, each once; all without `from`. */
export function pointsFrom(trace: readonly CrashPoint[], from?: CrashPoint): CrashPoint[] {
  const start = from === undefined ? 0 : trace.indexOf(from);
  if (start < 0)
    throw new Error(`the recorded run never passed ${from}; it was ${trace.join(' ')}`);
  return [...new Set(trace.slice(start))];
}
