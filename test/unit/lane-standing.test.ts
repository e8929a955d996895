import { describe, expect, test } from 'vitest';
import type { LaneOverview } from '../../src/shared/lane-overview.ts';
import { type LaneSeen, standingOf } from '../../src/shared/lane-standing.ts';
import { parseClientLists } from '../../src/shared/workers.ts';

const NOW = 1_800_000_000_000;
const MINUTE = 60_000;
const lane = (fields: Partial<LaneOverview> = {}): LaneOverview => ({
  kind: 'template',
  waiting: 1,
  prioritized: 0,
  delayed: 0,
  active: 0,
  parked: 0,
  completed: 0,
  paused: false,
  perSecond: 10,
  ...fields,
});
const old = { oldestAt: NOW - MINUTE - 1 };
const pause = { cause: 'operator', since: NOW - 5 };
const sleep = { cause: 'quota', until: NOW + 5 };
const workers = (count: number, forMs = 10 * MINUTE) => ({ count, forMs });
const hourOld = { oldestAt: NOW - 60 * MINUTE };
const rows: readonly (readonly [string, Partial<LaneSeen>, string])[] = [
  ['with a worker and nothing overdue', { lane: lane({ oldestAt: NOW - MINUTE }) }, 'running'],
  ['without a worker', { workers: workers(0) }, 'no-worker'],
  ['of which nobody can say whether it has workers', { workers: null }, 'running'],
  ['with something overdue and nothing sent', { lane: lane(old) }, 'stuck'],
  ['with something overdue that still sends', { lane: lane(old), lately: 1 }, 'running'],
  ['resumed just now', { lane: lane({ ...hourOld, freeSince: NOW - MINUTE }) }, 'running'],
  ['resumed a while ago', { lane: lane({ ...hourOld, freeSince: NOW - MINUTE - 1 }) }, 'stuck'],
  ['with a new worker', { lane: lane(hourOld), workers: workers(1, MINUTE) }, 'running'],
  ['whose worker had its time', { lane: lane(hourOld), workers: workers(1, 61_000) }, 'stuck'],
  ['overdue, no worker known', { lane: lane(hourOld), workers: null }, 'stuck'],
  ['that may send one in two minutes', { lane: lane({ ...old, perSecond: 1 / 120 }) }, 'running'],
  ['asleep, with something overdue', { lane: lane({ ...old, sleep }) }, 'asleep'],
  ['asleep without a worker', { lane: lane({ sleep }), workers: workers(0) }, 'no-worker'],
  [
    'paused without a worker',
    { lane: lane({ paused: true }), workers: workers(0), pause },
    'paused',
  ],
  ['paused by Bull Board', { lane: lane({ paused: true }) }, 'paused'],
  ['not paused though its account is', { pause }, 'half-paused'],
];

describe('a lane', () => {
  test.each(rows)('%s is %o', (_, seen, kind) => {
    const usual = { lane: lane(), workers: workers(1), lately: 0 };
    expect(standingOf({ ...usual, ...seen }, NOW).kind).toBe(kind);
  });
});

test('workers are counted by the names of their connections', () => {
  const name = (queue: string) => `courier:{wxA}:${Buffer.from(queue).toString('base64')}`;
  const line = (named: string, age = 1) =>
    `id=7 addr=127.0.0.1:1 name=${named} age=${age} cmd=bzpopmin`;
  const counts = parseClientLists([
    [line(name('wxA.template')), line(name('wxA.template'), 62), line('')].join('\n'),
    [line(name('wxA.custom')), line('other')].join('\n'),
  ]);
  expect(counts.of('wxA', 'template')).toEqual({ count: 2, forMs: 62_000 });
  expect(counts.of('wxA', 'custom')).toEqual({ count: 1, forMs: 1000 });
  expect(counts.of('wxB', 'custom')).toEqual({ count: 0, forMs: 0 });
  expect(counts.most).toBe(2);
  expect(parseClientLists([]).most).toBe(0);
});
