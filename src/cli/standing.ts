import { type AccountOverview, openAccountControl } from '../shared/account-control.ts';
import { systemClock } from '../shared/clock.ts';
import type { LaneOverview, PauseOverview } from '../shared/lane-overview.ts';
import { type LaneStanding, standingOf } from '../shared/lane-standing.ts';
import type { RedisClient } from '../shared/redis.ts';
import { readTally } from '../shared/tally.ts';
import { type WorkerCounts, workerCounts } from '../shared/workers.ts';
import { shownTime } from './moment.ts';

/** A lane with what becomes of its messages. */
export interface StandingLane extends LaneOverview {
  /** Absent where Redis does not say. */
  readonly workers?: number;
  readonly standing: LaneStanding;
}

export interface StandingAccount extends AccountOverview {
  readonly lanes: readonly StandingLane[];
}

/** Reads how the accounts stand, in the order of `appIds`. */
export async function readStandings(
  redis: RedisClient,
  appIds: readonly string[],
): Promise<readonly StandingAccount[]> {
  const workers = await workerCounts(redis);
  return await Promise.all(appIds.map((appId) => readStanding(redis, appId, workers)));
}

async function readStanding(
  redis: RedisClient,
  appId: string,
  counts: WorkerCounts | null,
): Promise<StandingAccount> {
  const control = openAccountControl(redis, appId, systemClock);
  const now = systemClock.now();
  try {
    const [overview, tally] = await Promise.all([control.overview(), readTally(redis, appId, now)]);
    const lanes = overview.lanes.map((lane) => {
      const workers = counts === null ? null : counts.of(appId, lane.kind);
      const { lately } = tally[lane.kind];
      const standing = standingOf({ lane, pause: overview.pause, workers, lately }, now);
      return { ...lane, ...(workers && { workers: workers.count }), standing };
    });
    return { ...overview, lanes };
  } finally {
    await control.close();
  }
}

/** What a lane may send a second, who wanted that, and what it sends until that holds. */
export function shownRate({ perSecond, setPerSecond }: LaneOverview): string {
  const now = perSecond === undefined ? [] : [`${perSecond}/s`];
  if (setPerSecond === undefined) return now.join('');
  const before = perSecond === setPerSecond ? [] : [...now, '→'];
  return [...before, `${setPerSecond}/s set by hand`].join(' ');
}

/** What is the matter with a lane, for a person, in few words. */
export function shownStanding(standing: LaneStanding): string {
  switch (standing.kind) {
    case 'paused':
      return standing.pause ? shownPause(standing.pause) : 'paused in Bull Board, this lane only';
    case 'half-paused':
      return 'not paused, though its account is';
    case 'no-worker':
      return 'no worker';
    case 'asleep':
      return `asleep until ${shownTime(standing.sleep.until)} (${standing.sleep.cause})`;
    case 'stuck':
      return `has workers, but sends nothing: due since ${shownTime(standing.since)}`;
    case 'running':
      return 'running';
  }
}

export function shownPause({ cause, by, errcode, since, probeAt }: PauseOverview): string {
  const who = [cause, by, errcode].filter((part) => part !== undefined).join(' ');
  const probe = probeAt === undefined ? '' : `, next look ${shownTime(probeAt)}`;
  return `paused by ${who} since ${shownTime(since)}${probe}`;
}
