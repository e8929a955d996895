import { z } from 'zod';
import type { Wechat } from '../chaos/wechat.ts';

/** What WeChat took, recipient by recipient, read piece by piece from its record. */
export interface Takings {
  /** Reads what is new. */
  refresh(): Promise<void>;
  /** How many recipients have got something. */
  readonly size: number;
  /** How often a recipient sees its message. */
  shown(openid: string): number;
  /** When it was taken for the first time, epoch ms. */
  at(openid: string): number | undefined;
  /** When each message that a recipient sees was taken, in order. */
  times(): readonly number[];
}

const PAGE = 10_000;
const pageSchema = z.object({
  entries: z.array(
    z.object({
      at: z.number(),
      openid: z.string(),
      state: z.enum(['shown', 'absorbed', 'held', 'rejected']),
    }),
  ),
  next: z.number(),
});

export function openTakings(wechat: Wechat): Takings {
  const counts = new Map<string, number>();
  const first = new Map<string, number>();
  const times: number[] = [];
  let since = 0;
  return {
    async refresh() {
      for (;;) {
        const route = `record?since=${since}&limit=${PAGE}`;
        const { entries, next } = pageSchema.parse(await wechat.control('GET', route));
        since = next;
        for (const { openid, at, state } of entries) {
          if (state === 'absorbed') continue;
          counts.set(openid, (counts.get(openid) ?? 0) + 1);
          times.push(at);
          if (!first.has(openid)) first.set(openid, at);
        }
        if (entries.length < PAGE) return;
      }
    },
    get size() {
      return counts.size;
    },
    shown: (openid) => counts.get(openid) ?? 0,
    at: (openid) => first.get(openid),
    times: () => times,
  };
}
