import { Command } from 'commander';
import type { LaneStanding } from '../../shared/lane-standing.ts';
import { answering, withExamples } from '../answer.ts';
import { withRedis } from '../connection.ts';
import { counted } from '../count.ts';
import { countDeadLetters } from '../first-letters.ts';
import { knownAppIds } from '../known-accounts.ts';
import {
  readStandings,
  shownRate,
  shownStanding,
  type StandingAccount,
  type StandingLane,
} from '../standing.ts';
import { type Cell, type Column, renderTable } from '../table.ts';

export function queuesCommand(): Command {
  const command = new Command('queues')
    .description(
      'show how much waits in each lane, and why one sends nothing: paused, asleep, without a worker',
    )
    .option('--app <appId>', 'only this account');
  withExamples(command, 'courier queues', 'courier queues --app wx0123456789abcdef --json');
  return answering(command, async ({ app }: { app?: string }) => {
    const appIds = knownAppIds(app);
    return await withRedis(async (redis) => {
      const accounts = await readStandings(redis, appIds);
      const deadLetters = await countDeadLetters(redis);
      return { json: { accounts, deadLetters }, text: shown(accounts, deadLetters) };
    });
  });
}

const COLUMNS: readonly Column[] = [
  { title: 'account' },
  { title: 'kind' },
  { title: 'waiting', align: 'right' },
  { title: 'delayed', align: 'right' },
  { title: 'active', align: 'right' },
  { title: 'parked', align: 'right' },
  { title: 'rate', align: 'right' },
  { title: 'workers', align: 'right' },
  { title: 'state' },
];

function shown(accounts: readonly StandingAccount[], deadLetters: number): string {
  const rows = accounts.flatMap(({ appId, lanes }) =>
    lanes.map((lane) => [
      appId,
      lane.kind,
      ...[lane.waiting, lane.delayed, lane.active, lane.parked].map(String),
      shownRate(lane),
      lane.workers === undefined ? '' : String(lane.workers),
      stateOf(lane),
    ]),
  );
  const hint = deadLetters > 0 ? ': courier dead-letters list' : '';
  return `${renderTable(COLUMNS, rows)}\n\n${counted(deadLetters, 'dead letter')}${hint}`;
}

const STYLES = {
  paused: 'red',
  'half-paused': 'red',
  'no-worker': 'red',
  stuck: 'red',
  asleep: 'yellow',
  running: 'green',
} as const satisfies Readonly<Record<LaneStanding['kind'], string>>;

function stateOf({ standing }: StandingLane): Cell {
  return { text: shownStanding(standing), style: STYLES[standing.kind] };
}
