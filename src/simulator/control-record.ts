import { z } from 'zod';
import { done, type ControlCall, type ControlReply } from './control-call.ts';
import { stateOf } from './judge.ts';
import type { RecordEntry } from './record.ts';
import type { World } from './world.ts';

/** Which part of a list that only grows. */
export const pageSchema = z.object({
  since: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(10_000).default(1_000),
});

/** `/_control/record`: what was taken, page by page; deleting it starts all counts anew. */
export function controlRecord(world: World, call: ControlCall): ControlReply {
  if (call.method === 'DELETE') {
    world.record.clear();
    world.counters.clear();
    world.faults.forgetEncounters();
    for (const account of world.accounts.all()) account.tokens.clearCounts();
    return done();
  }
  const { since, limit } = pageSchema.parse(Object.fromEntries(call.query));
  const now = world.clock.now();
  const page = world.record.page(since, limit);
  return done({
    total: world.record.entries.length,
    entries: page.map((entry) => entryView(entry, now)),
    /** What to ask for next; the same as `since` when there was nothing more. */
    next: page.at(-1)?.seq ?? since,
  });
}

function entryView({ fate, body, ...entry }: RecordEntry, now: number): unknown {
  const parsed: unknown = body === undefined ? undefined : JSON.parse(body);
  return {
    ...entry,
    state: stateOf({ fate, body, ...entry }, now),
    ...(fate.kind === 'held' && { review: { until: fate.until, ending: fate.ending } }),
    body: parsed,
  };
}
