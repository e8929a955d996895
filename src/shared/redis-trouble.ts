import { messageOf } from './errors.ts';

/**
 * What Redis answers while it starts, fails over, is full, cannot write to its disk or is held
 * up by a script; and what a client says that cannot reach it. Redis before 7 puts the code in
 * the middle of a script's error.
 */
const TROUBLE =
  /(?:^|[\s-])(?:READONLY|LOADING|BUSY|MISCONF|OOM|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|NOREPLICAS|UNBLOCKED)\s/;
const CONNECTION =
  /Connection is closed|Command timed out|max retries per request|isn't writeable|EPIPE|ECONN|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND/;

/**
 * True for trouble of Redis' own: worth another try, nobody's fault among the messages, never an
 * attempt. The one place that tells it from a mistake of ours.
 */
export function isRedisTrouble(error: unknown): boolean {
  const text = messageOf(error);
  return TROUBLE.test(`${text} `) || CONNECTION.test(text);
}
