import { setTimeout as delay } from 'node:timers/promises';
import type { Action, LineName } from '../action.ts';
import type { Link } from '../link.ts';
import { type Performed, performed, type Scene } from '../scene.ts';

type On<Kind extends Action['kind']> = Extract<Action, { kind: Kind }>;

/** Breaks all connections of a line. Requests under way are in the link's own books. */
export function cut(scene: Scene, { line, worker }: On<'cut'>): Performed {
  const at = Date.now();
  const count = linkOf(scene, line, worker).cut();
  const outcome = `cut ${count} connections`;
  // The producer's acknowledgements are in doubt then, not the outcome of any sending.
  if (line !== 'redis') return performed(outcome);
  return performed(outcome, { what: 'cut from Redis', from: at, to: at, hit: 'any' });
}

export async function blackHole(scene: Scene, action: On<'black-hole'>): Promise<Performed> {
  const link = linkOf(scene, action.line, action.worker);
  if (link.held) return performed('not done: there is one already');
  const from = Date.now();
  link.blackHole(true);
  await delay(action.ms);
  link.blackHole(false);
  const outcome = `nothing moved for ${action.ms} ms`;
  if (action.line === 'producer') return performed(outcome);
  const what = `black hole to ${action.line}`;
  return performed(outcome, { what, from, to: Date.now(), hit: 'any' });
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
  const what = 'lost reply of Redis';
  return performed('dropped one and its connection', { what, from, to: Date.now(), hit: 'any' });
}

export async function fin(scene: Scene, { worker }: On<'fin'>): Promise<Performed> {
  const met = await linkOf(scene, 'wechat', worker).finOnRequest();
  return performed(met ? 'one request met a FIN' : 'not done: no request came');
}

function linkOf({ stage }: Scene, line: LineName, worker: number): Link {
  if (line === 'producer') return stage.producerLink;
  const lines = stage.lines[worker];
  if (!lines) throw new Error(`Worker ${worker}: expected one of ${stage.lines.length}`);
  return lines[line];
}
