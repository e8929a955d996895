import { setTimeout as delay } from 'node:timers/promises';
import type { Action, LineName } from '../action.ts';
import type { Disturbance } from '../disturbance.ts';
import { leasesOf } from '../in-flight.ts';
import type { Link } from '../link.ts';
import { type Performed, performed, type Scene } from '../scene.ts';

type On<Kind extends Action['kind']> = Extract<Action, { kind: Kind }>;

/** Breaks all connections of a line. Requests under way are in the link's own books. */
export async function cut(scene: Scene, { line, worker }: On<'cut'>): Promise<Performed> {
  const from = Date.now();
  const count = linkOf(scene, line, worker).cut();
  const outcome = `cut ${count} connections`;
  // The producer's acknowledgements are in doubt then, not the outcome of any sending.
  if (line !== 'redis') return performed(outcome);
  const hit = await heldBy(scene, worker);
  return performed(outcome, { what: 'cut from Redis', from, to: Date.now(), hit });
}

export async function blackHole(scene: Scene, action: On<'black-hole'>): Promise<Performed> {
  const link = linkOf(scene, action.line, action.worker);
  if (link.held) return performed('not done: there is one already');
  const from = Date.now();
  link.blackHole(true);
  // It can begin nothing more until the end.
  const hit = await heldBy(scene, action.worker);
  await delay(action.ms);
  link.blackHole(false);
  const outcome = `nothing moved for ${action.ms} ms`;
  // Of the others: whose request got no answer is in the link's own books.
  if (action.line !== 'redis') return performed(outcome);
  return performed(outcome, { what: 'black hole to redis', from, to: Date.now(), hit });
}

export async function slowDown(scene: Scene, action: On<'delay'>): Promise<Performed> {
  const link = linkOf(scene, action.line, action.worker);
  link.delay(action.delayMs);
  await delay(action.ms);
  link.delay(0);
  return performed(`each way took ${action.delayMs} ms longer for ${action.ms} ms`);
}

export async function dropReply(scene: Scene, action: On<'drop-reply'>): Promise<Performed> {
  const link = linkOf(scene, action.line, action.worker);
  const from = Date.now();
  const dropped = await link.dropReply(action.containing);
  if (!dropped) return performed('not done: no such reply came');
  if (action.line === 'producer') return performed('dropped one and its connection');
  const hit = await heldBy(scene, action.worker);
  const what = 'lost reply of Redis';
  return performed('dropped one and its connection', { what, from, to: Date.now(), hit });
}

export async function fin(scene: Scene, { worker }: On<'fin'>): Promise<Performed> {
  const met = await linkOf(scene, 'wechat', worker).finOnRequest();
  return performed(met ? 'one request met a FIN' : 'not done: no request came');
}

/** Whose messages a worker has begun and not settled, as Redis knows it. */
async function heldBy(
  { stage, fleet, openidOf }: Scene,
  worker: number,
): Promise<Disturbance['hit']> {
  const pid = fleet.pid(worker);
  const keys = pid === null ? [] : await leasesOf(stage.admin, pid);
  if (keys === null) return 'any';
  return new Set(keys.map((key) => openidOf(key)).filter((openid) => openid !== undefined));
}

function linkOf({ stage }: Scene, line: LineName, worker: number): Link {
  if (line === 'producer') return stage.producerLink;
  const lines = stage.lines[worker];
  if (!lines) throw new Error(`Worker ${worker}: expected one of ${stage.lines.length}`);
  return lines[line];
}
