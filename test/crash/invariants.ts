import type { Kind } from '../../src/shared/outcome.ts';
import type { Observation } from './observation.ts';
import type { CrashPoint } from './point.ts';
import type { End } from './scenario.ts';

/**
 * Whether a process died while it might have been sending, as far as the points it passed tell:
 * between the ledger's yes (`begin`) and the ledger's knowing how it went (`settle`).
 */
export type Doubt = 'none' | 'possible' | 'certain';

export interface Trial {
  readonly kind: Kind;
  readonly end: End;
  readonly tokenFetches: number | undefined;
  /** How many processes died. */
  readonly deaths: number;
  readonly doubt: Doubt;
}

/** Everything that is wrong with how a trial ended; empty if nothing is. */
export function violationsOf(trial: Trial, seen: Observation): string[] {
  return [
    ...endViolations(trial, seen),
    ...judgeViolations(seen),
    ...queueViolations(seen),
    ...tokenViolations(trial, seen),
  ];
}

function endViolations(trial: Trial, { record }: Observation): string[] {
  const state = record['st'] ?? 'nothing';
  const allowed = allowedEnds(trial);
  if (allowed.some((end) => end === state)) return [];
  return [`the ledger says ${state}, expected ${allowed.join(' or ')}`];
}

/** So many deaths in a row, in the middle of a message, and it is held to be the cause. */
const POISON_DEATHS = 3;

/**
 * A customer-service message in doubt is parked, a template that was there at three deaths may be
 * held for poison; nothing else may change how a story ends.
 */
function allowedEnds({ kind, end, doubt, deaths }: Trial): End[] {
  if (kind === 'template' && doubt !== 'none' && deaths >= POISON_DEATHS) return [end, 'dead'];
  if (kind === 'template' || doubt === 'none') return [end];
  return doubt === 'certain' ? ['unknown'] : [end, 'unknown'];
}

/** Nothing is lost, nothing is doubled, and the ledger agrees with WeChat. */
function judgeViolations({ record, shown, msgids }: Observation): string[] {
  const found: string[] = [];
  const state = record['st'];
  if (shown > 1) found.push(`the recipient saw it ${shown} times`);
  if (state === 'sent' && shown === 0) found.push('sent in the ledger, WeChat never showed it');
  const isPoison = record['why'] === 'poison';
  if (state === 'dead' && shown > 0 && !isPoison)
    found.push('dead in the ledger, WeChat showed it');
  const id = record['id'];
  if (id !== undefined && !msgids.includes(id)) found.push(`WeChat knows no msgid ${id}`);
  return found;
}

function queueViolations(seen: Observation): string[] {
  const { record, lanes, deadLetters, deadPending, listedAsUnknown } = seen;
  const found: string[] = [];
  const state = record['st'];
  const count = (what: string, is: number, expected: number) => {
    if (is !== expected) found.push(`${what}: ${is}, expected ${expected}`);
  };
  count('jobs waiting in lanes', lanes.waiting, 0);
  count('jobs active in lanes', lanes.active, 0);
  count('jobs parked in lanes', lanes.failed, state === 'unknown' ? 1 : 0);
  count('dead letters', deadLetters.failed, state === 'dead' ? 1 : 0);
  count('dead letters on their way', deadLetters.waiting + deadLetters.active, 0);
  count('dead letters not confirmed', deadPending, 0);
  count('listed as unknown', Number(listedAsUnknown), state === 'unknown' ? 1 : 0);
  return found;
}

function tokenViolations({ tokenFetches, deaths }: Trial, seen: Observation): string[] {
  const found: string[] = [];
  const most = (what: string, is: number, limit: number) => {
    if (is > limit) found.push(`${what}: ${is}, expected at most ${limit}`);
  };
  if (tokenFetches !== undefined) {
    most('token fetches', seen.tokenFetches, tokenFetches + deaths);
  }
  most('forced token refreshes', seen.forcedFetches, 1 + deaths);
  return found;
}

/** What the points that dead processes passed tell about their sending. */
export function doubtOf(traces: readonly (readonly CrashPoint[])[]): Doubt {
  const doubts = traces.map(doubtOfOne);
  if (doubts.includes('certain')) return 'certain';
  return doubts.includes('possible') ? 'possible' : 'none';
}

function doubtOfOne(trace: readonly CrashPoint[]): Doubt {
  let doubt: Doubt = 'none';
  for (const point of trace) {
    if (point.startsWith('begin:written') || point.startsWith('settle:written')) doubt = 'possible';
    // The ledger may have answered that there is nothing to send, so `begin:after` proves nothing.
    else if (point.startsWith('http.') || point.startsWith('settle:before')) {
      doubt = doubt === 'none' ? 'none' : 'certain';
    } else if (point.startsWith('settle:after')) doubt = 'none';
  }
  return doubt;
}
