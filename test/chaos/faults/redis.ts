import { setTimeout as delay } from 'node:timers/promises';
import type { Action } from '../action.ts';
import type { Disturbance } from '../disturbance.ts';
import { type Performed, performed, type Scene } from '../scene.ts';

type On<Kind extends Action['kind']> = Extract<Action, { kind: Kind }>;

/** What the last writes before Redis is full may take, bytes. */
const ROOM = 64 * 1024;

/** SIGKILL, and a new start on the same append-only file: loading it is part of the outage. */
export async function killRedis({ stage }: Scene, action: On<'redis-kill'>): Promise<Performed> {
  const from = Date.now();
  await stage.redis.end('SIGKILL');
  await delay(action.downMs);
  await stage.redis.start();
  return outage('killed and started again', 'Redis killed', from);
}

export async function freezeRedis({ stage }: Scene, { ms }: On<'redis-freeze'>) {
  const from = Date.now();
  stage.redis.freeze();
  await delay(ms);
  stage.redis.thaw();
  return outage(`stopped for ${ms} ms`, 'Redis stopped', from);
}

export async function pauseRedis({ stage }: Scene, { ms }: On<'redis-pause'>) {
  const from = Date.now();
  await stage.admin.call('CLIENT', 'PAUSE', String(ms), 'ALL');
  await delay(ms);
  return outage(`no commands for ${ms} ms`, 'Redis paused', from);
}

/** A replica of an address where nothing is: every write is refused. */
export async function makeReadonly({ stage }: Scene, { ms }: On<'redis-readonly'>) {
  const from = Date.now();
  await stage.admin.call('REPLICAOF', '127.0.0.1', '1');
  await delay(ms);
  await stage.admin.call('REPLICAOF', 'NO', 'ONE');
  return outage(`refused writes for ${ms} ms`, 'Redis read-only', from);
}

export async function fillRedis({ stage }: Scene, { ms }: On<'redis-full'>): Promise<Performed> {
  const from = Date.now();
  const used = Number(/used_memory:(\d+)/.exec(await stage.admin.info('memory'))?.[1]);
  await stage.admin.config('SET', 'maxmemory', String(used + ROOM));
  await delay(ms);
  await stage.admin.config('SET', 'maxmemory', '0');
  return outage(`full for ${ms} ms`, 'Redis full', from);
}

export async function forgetScripts({ stage }: Scene): Promise<Performed> {
  await stage.admin.script('FLUSH');
  return performed('scripts forgotten');
}

export async function dropClients({ stage }: Scene): Promise<Performed> {
  const from = Date.now();
  const count = await stage.admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  return outage(`dropped ${String(count)} connections`, 'Redis dropped its clients', from);
}

function outage(outcome: string, what: string, from: number): Performed {
  const disturbance: Disturbance = { what, from, to: Date.now(), hit: 'any' };
  return performed(outcome, disturbance);
}
