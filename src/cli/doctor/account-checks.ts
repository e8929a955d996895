import type { Account } from '../../shared/accounts.ts';
import { openAccountControl } from '../../shared/account-control.ts';
import { systemClock } from '../../shared/clock.ts';
import { explainErrcode } from '../../shared/errcodes/errcode.ts';
import type { LaneOverview } from '../../shared/lane-overview.ts';
import { type LaneQueue, openLane } from '../../shared/lane.ts';
import { laneName } from '../../shared/keys.ts';
import type { Kind } from '../../shared/outcome.ts';
import type { RedisClient } from '../../shared/redis.ts';
import { createTokenSource } from '../../worker/token/token-source.ts';
import { shownTime } from '../moment.ts';
import { bad, type Check, good } from './check.ts';

/** Due for longer than this, and nobody has taken it. */
const OVERDUE_MS = 60_000;
/** BullMQ keeps the time of a delayed job in the upper bits of its score. */
const SCORE_PER_MS = 0x1000;

/** Whether WeChat gives this account a token. Asking is harmless but with the classic endpoint. */
export async function checkToken(account: Account): Promise<Check> {
  const name = `account.token ${account.appId}`;
  if (account.tokenSource.kind === 'token') {
    return good(name, 'not asked: with the classic endpoint asking replaces the token in use');
  }
  const answer = await createTokenSource(account, systemClock).fetch({ force: false });
  switch (answer.kind) {
    case 'token':
      return good(name, `${account.tokenSource.kind} gave one`);
    case 'unavailable':
      return bad(
        name,
        answer.detail,
        'Check the network between this machine and WeChat, then repeat.',
      );
    case 'refused': {
      const { meaning, advice } = explainErrcode(answer.errcode);
      return bad(name, `${answer.errcode} ${answer.errmsg}: ${meaning}`, adviceFor(answer, advice));
    }
  }
}

/** 40164 says which address WeChat sees. */
function adviceFor(
  { errcode, errmsg }: { errcode: number; errmsg: string },
  advice: string,
): string {
  const [, address] = /invalid ip ([0-9a-fA-F.:]+)/.exec(errmsg) ?? [];
  if (errcode !== 40164 || address === undefined) return advice;
  return `Add ${address} to the IP whitelist of this account (开发 > 基本配置 > IP白名单). ${advice}`;
}

/** Whether the lanes of an account move. */
export async function checkLanes(redis: RedisClient, appId: string): Promise<Check[]> {
  const control = openAccountControl(redis, appId, systemClock);
  try {
    const { pause, lanes } = await control.overview();
    const checks = await Promise.all(lanes.map((lane) => checkLane(redis, appId, lane)));
    if (!pause) return checks;
    const since = `paused since ${shownTime(pause.since)} (${pause.cause}${pause.errcode === undefined ? '' : ` ${pause.errcode}`})`;
    const remedy =
      pause.errcode === undefined
        ? `When it may send again: courier resume ${appId}.`
        : explainErrcode(pause.errcode).advice;
    return [bad(`account.pause ${appId}`, since, remedy), ...checks];
  } finally {
    await control.close();
  }
}

async function checkLane(redis: RedisClient, appId: string, lane: LaneOverview): Promise<Check> {
  const { kind, waiting, delayed, active, parked, sleep } = lane;
  const name = `lane ${laneName(appId, kind)}`;
  const counts = `${waiting} waiting, ${delayed} delayed, ${active} active, ${parked} unknown`;
  const { workers, overdue } = await onLane(redis, appId, kind, async (queue) => ({
    workers: await queue.getWorkersCount(),
    overdue: await redis.zcount(
      queue.toKey('delayed'),
      '-inf',
      (systemClock.now() - OVERDUE_MS) * SCORE_PER_MS,
    ),
  }));
  if (workers === 0) {
    return bad(name, `${counts}; no worker serves it`, 'Start one: courier start worker.');
  }
  if (overdue > 0) {
    return bad(
      name,
      `${counts}; ${overdue} overdue`,
      'Workers do not promote what is due: read their logs, restart them.',
    );
  }
  if (sleep) {
    return good(name, `${counts}; asleep until ${shownTime(sleep.until)} (${sleep.cause})`);
  }
  const remedy = parked > 0 ? 'See: courier unknown list.' : undefined;
  return good(name, counts, remedy);
}

async function onLane<Result>(
  redis: RedisClient,
  appId: string,
  kind: Kind,
  look: (queue: LaneQueue) => Promise<Result>,
): Promise<Result> {
  const queue = openLane(redis, appId, kind, () => undefined);
  try {
    return await look(queue);
  } finally {
    await queue.close();
  }
}
