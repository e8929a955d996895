import type { AccountOverview } from '../../shared/account-control.ts';
import type { PauseOverview } from '../../shared/lane-overview.ts';
import { type LaneStanding, standingOf } from '../../shared/lane-standing.ts';
import type { Kind } from '../../shared/outcome.ts';
import type { LaneTally } from '../../shared/tally.ts';
import type { LaneWorkers } from '../../shared/workers.ts';
import { html, type Html } from '../html.ts';
import type { Say } from '../words.ts';
import { shownTime } from './layout.ts';

/** An account with what decides how its lanes stand. */
export interface StandingAccount extends AccountOverview {
  readonly tally: Readonly<Record<Kind, LaneTally>>;
  /** Who serves each lane; null where Redis does not say. */
  readonly workers: Readonly<Record<Kind, LaneWorkers>> | null;
}

/** @param now epoch milliseconds */
export function standingIn(
  { lanes, pause, workers, tally }: StandingAccount,
  kind: Kind,
  now: number,
): LaneStanding {
  const lane = lanes.find((one) => one.kind === kind);
  if (!lane) throw new Error(`unreachable: every account has a lane ${kind}`);
  const { lately } = tally[kind];
  return standingOf({ lane, pause, workers: workers && workers[kind], lately }, now);
}

/** What is the matter with a lane; each part on a line of its own. */
export function shownStanding(say: Say, standing: LaneStanding): Html {
  const style = STYLES[standing.kind];
  return html`${saidOf(say, standing).map(
    (part) => html`<span class="${style} line">${part}</span>`,
  )}`;
}

const STYLES = {
  paused: 'bad',
  'half-paused': 'bad',
  'no-worker': 'bad',
  stuck: 'bad',
  asleep: 'warn',
  running: 'good',
} as const satisfies Readonly<Record<LaneStanding['kind'], string>>;

function saidOf(say: Say, standing: LaneStanding): readonly string[] {
  switch (standing.kind) {
    case 'paused':
      return standing.pause ? pauseOf(say, standing.pause) : [say('paused'), say('pausedAlone')];
    case 'half-paused':
      return [say('halfPaused')];
    case 'no-worker':
      return [say('noWorker')];
    case 'asleep':
      return [
        `${say('asleep')}: ${standing.sleep.cause}`,
        `${say('until')} ${shownTime(standing.sleep.until)}`,
      ];
    case 'stuck':
      return [say('stuck'), `${say('dueSince')} ${shownTime(standing.since)}`];
    case 'running':
      return [say('running')];
  }
}

function pauseOf(say: Say, { cause, by, errcode, since }: PauseOverview): string[] {
  const who = [cause, by, errcode].filter((part) => part !== undefined).join(' ');
  return [`${say('paused')}: ${who}`, `${say('pausedSince')} ${shownTime(since)}`];
}
