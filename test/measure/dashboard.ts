import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { FRESH_MS } from '../../src/dashboard/account-views.ts';
import { POLL_SECONDS } from '../../src/dashboard/board.ts';
import { REFRESH_SECONDS } from '../../src/dashboard/pages/overview.ts';
import { newUser } from '../../src/dashboard/users/user.ts';
import { addUser } from '../../src/dashboard/users/users-file.ts';
import type { RedisClient } from '../../src/shared/redis.ts';
import { type RunningProcess, startProcess } from '../helpers/process.ts';
import { createRestartableRedis } from '../helpers/restartable-redis.ts';
import { gather } from './crowd.ts';
import { type Look, looksFor, olderOf } from './looks.ts';
import { type Measured, type MeasureOptions, timeLimit } from './measured.ts';
import { median, most } from './percentile.ts';
import { commandsDuring } from './redis-operations.ts';
import { openScene, SECRET } from './scene.ts';
import { type Visitor, visit } from './visitor.ts';

const FULL = { accounts: 50, waiting: 1_000_000, dead: 100_000 };
const SHORT = { accounts: 5, waiting: 2000, dead: 200 };
const TRIES = 5;
const LIMIT_MS = 1000;
const MOST_PAGES = 100;
const MOST_OPERATIONS = 100;
/** Bull Board and the overview ask by themselves; the one that asks more often counts for both. */
const POLL_MS = Math.min(POLL_SECONDS, REFRESH_SECONDS) * 1000;
const ROUNDS = { full: 4, short: 1 };
const BOARD_POLL = '/board/api/queues?activeQueue=dead-letter&status=failed&page=1&jobsPerPage=10';
const USER = { name: 'measure', password: 'measure-password-1' };

/** Pages of the dashboard while much waits and much is dead, and what watching costs Redis. */
export async function dashboard({ short, say }: MeasureOptions): Promise<Measured> {
  const size = short ? SHORT : FULL;
  const redis = await createRestartableRedis({ appendonly: 'no' });
  await redis.start();
  const scene = await openScene({ accounts: size.accounts, redis });
  let running: RunningProcess | undefined;
  try {
    const crowd = await gather(scene, size, say);
    running = await startDashboard(scene);
    const { port } = await running.ready();
    const visitor = await visit(`http://127.0.0.1:${Number(port)}`, USER);
    const looked = await lookAtAll(visitor, await looksFor(visitor, scene.appIds, crowd), say);
    const polling = await watch(scene.admin, visitor, short);
    say(`Redis operations a second while watched: ${JSON.stringify(polling)}`);
    const limit = timeLimit({ short }, LIMIT_MS);
    const slowest = looked.reduce((worst, one) => (one.max > worst.max ? one : worst));
    return {
      name: 'dashboard',
      promise: 'pages',
      target: `every page ≤ ${limit} ms, watching ≤ ${MOST_OPERATIONS} Redis operations/s`,
      measured:
        `${crowd.counts.waiting} waiting, ${crowd.counts.dead} dead: slowest “${slowest.what}” ` +
        `${slowest.max} ms, watching ${polling.perSecond}/s`,
      held: slowest.max <= limit && polling.perSecond <= MOST_OPERATIONS,
      details: { ...crowd.counts, accounts: size.accounts, looked, polling },
    };
  } finally {
    await running?.stop();
    await scene.close();
  }
}

interface Looked extends Look {
  /** Milliseconds. */
  readonly median: number;
  readonly max: number;
  /** Pages it took to come to what is looked for, and how long that was in all. */
  readonly found?: { readonly pages: number; readonly ms: number };
}

/** Opens each page five times, and says how long it took; then looks for what it should find. */
async function lookAtAll(
  visitor: Visitor,
  looks: readonly Look[],
  say: (line: string) => void,
): Promise<Looked[]> {
  const looked: Looked[] = [];
  for (const look of looks) {
    const times: number[] = [];
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      times.push(await visitor.time(look.path, look));
    }
    const found =
      look.finds === undefined ? {} : { found: await search(visitor, look.path, look.finds) };
    const one = {
      ...look,
      ...found,
      median: Math.round(median(times)),
      max: Math.round(most(times)),
    };
    say(described(one));
    looked.push(one);
  }
  return looked;
}

function described({ what, median: usual, max, found }: Looked): string {
  const text = `${what.padEnd(48)} median ${usual} ms, at most ${max} ms`;
  return found ? `${text}; found on page ${found.pages} after ${found.ms} ms` : text;
}

/** As a person looks who goes on to older letters until they have found the one. */
async function search(visitor: Visitor, first: string, wanted: string) {
  const started = performance.now();
  let pages = 1;
  for (let text = await visitor.read(first); !text.includes(wanted); pages += 1) {
    const next = olderOf(text);
    if (next === null || pages === MOST_PAGES) throw new Error(`${first}: found no ${wanted}`);
    text = await visitor.read(next);
  }
  return { pages, ms: Math.round(performance.now() - started) };
}

/**
 * What it costs Redis that people have Bull Board and the overview open, each in two tabs: they ask one a quarter of
 * a poll after the other, so that somebody always asks as soon as what was read is old.
 */
async function watch(redis: RedisClient, visitor: Visitor, short: boolean) {
  const rounds = short ? ROUNDS.short : ROUNDS.full;
  const ofOne = async (path: string) => sum(await commandsDuring(redis, () => visitor.read(path)));
  // What was read before is old then.
  await delay(short ? 0 : FRESH_MS);
  const overview = await ofOne('/');
  const board = await ofOne(BOARD_POLL);
  await delay(short ? 0 : FRESH_MS);
  const started = performance.now();
  const commands = await commandsDuring(redis, async () => {
    for (let round = 0; round < rounds; round += 1) {
      for (const path of [BOARD_POLL, '/', BOARD_POLL, '/']) {
        await Promise.all([visitor.read(path), delay(POLL_MS / 4)]);
      }
    }
  });
  const seconds = (performance.now() - started) / 1000;
  const perSecond = Math.round((sum(commands) / seconds) * 10) / 10;
  return { perSecond, overview, board, commands };
}

function sum(commands: Readonly<Record<string, number>>): number {
  return Object.values(commands).reduce((total, calls) => total + calls, 0);
}

async function startDashboard(scene: {
  readonly dir: string;
  readonly redisUrl: string;
  readonly appIds: readonly string[];
}): Promise<RunningProcess> {
  const accountsFile = path.join(scene.dir, 'dashboard-accounts.json');
  const usersFile = path.join(scene.dir, 'dashboard-users.json');
  const accounts = scene.appIds.map((appId) => ({ appId, secret: SECRET }));
  await writeFile(accountsFile, JSON.stringify({ accounts }));
  const { name, password } = USER;
  await addUser(usersFile, await newUser({ name, role: 'operator' }, password, Date.now));
  return startProcess('dist/dashboard/main.js', {
    env: {
      REDIS_URL: scene.redisUrl,
      COURIER_ACCOUNTS_FILE: accountsFile,
      COURIER_DASHBOARD_USERS_FILE: usersFile,
      COURIER_DASHBOARD_PORT: '0',
      COURIER_METRICS_PORT: '0',
    },
  });
}
