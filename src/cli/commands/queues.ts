import { Command } from 'commander';
import { type AccountOverview, openAccountControl } from '../../shared/account-control.ts';
import { systemClock } from '../../shared/clock.ts';
import { openDeadLetters } from '../../shared/dead-letter.ts';
import type { LaneOverview } from '../../shared/lane-overview.ts';
import type { RedisClient } from '../../shared/redis.ts';
import { answering, withExamples } from '../answer.ts';
import { withRedis } from '../connection.ts';
import { knownAppIds } from '../known-accounts.ts';
import { shownTime } from '../moment.ts';
import { type Cell, type Column, renderTable } from '../table.ts';

export function queuesCommand(): Command {
  const command = new Command('queues')
    .description('show how much waits in each lane, and what is paused or asleep and why')
    .option('--app <appId>', 'only this account');
  withExamples(command, 'courier queues', 'courier queues --app wx0123456789abcdef --json');
  return answering(command, async ({ app }: { app?: string }) => {
    const appIds = knownAppIds(app);
    return await withRedis(async (redis) => {
      const overviews = await Promise.all(appIds.map((appId) => overviewOf(redis, appId)));
      const deadLetters = await countDeadLetters(redis);
      return { json: { accounts: overviews, deadLetters }, text: shown(overviews, deadLetters) };
    });
  });
}

async function overviewOf(redis: RedisClient, appId: string): Promise<AccountOverview> {
  const control = openAccountControl(redis, appId, systemClock);
  try {
    return await control.overview();
  } finally {
    await control.close();
  }
}

async function countDeadLetters(redis: RedisClient): Promise<number> {
  const queue = openDeadLetters(redis, () => undefined);
  try {
    return await queue.getFailedCount();
  } finally {
    await queue.close();
  }
}

const COLUMNS: readonly Column[] = [
  { title: 'account' },
  { title: 'kind' },
  { title: 'waiting', align: 'right' },
  { title: 'delayed', align: 'right' },
  { title: 'active', align: 'right' },
  { title: 'parked', align: 'right' },
  { title: 'rate', align: 'right' },
  { title: 'state' },
];

function shown(overviews: readonly AccountOverview[], deadLetters: number): string {
  const rows = overviews.flatMap((account) =>
    account.lanes.map((lane) => [
      account.appId,
      lane.kind,
      ...[lane.waiting, lane.delayed, lane.active, lane.parked].map(String),
      lane.perSecond === undefined ? '' : `${lane.perSecond}/s`,
      stateOf(account, lane),
    ]),
  );
  const hint = deadLetters > 0 ? ': courier dead-letters list' : '';
  const letters = deadLetters === 1 ? 'dead letter' : 'dead letters';
  return `${renderTable(COLUMNS, rows)}\n\n${deadLetters} ${letters}${hint}`;
}

function stateOf({ pause }: AccountOverview, lane: LaneOverview): Cell {
  if (lane.paused && pause) {
    const code = pause.errcode === undefined ? '' : ` ${pause.errcode}`;
    const probe = pause.probeAt === undefined ? '' : `, next look ${shownTime(pause.probeAt)}`;
    const text = `paused by ${pause.cause}${code} since ${shownTime(pause.since)}${probe}`;
    return { text, style: 'red' };
  }
  if (lane.paused) return { text: 'paused', style: 'red' };
  if (lane.sleep) {
    const text = `asleep until ${shownTime(lane.sleep.until)} (${lane.sleep.cause})`;
    return { text, style: 'yellow' };
  }
  return { text: 'running', style: 'green' };
}
