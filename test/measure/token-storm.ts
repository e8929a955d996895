import { waitFor } from '../helpers/wait-for.ts';
import { answers, readBooks } from './books.ts';
import { type Measured, type MeasureOptions, timeLimit } from './measured.ts';
import { median, percentile } from './percentile.ts';
import { takeOff } from './rejected-flight.ts';
import { SEND_PATHS } from './scene.ts';

const LIMIT_MS = 1000;

/** 1,000 messages in flight over 8 processes meet a replaced token at once. */
export async function tokenStorm(options: MeasureOptions): Promise<Measured> {
  const { size, scene, orders, refusals } = await takeOff(options);
  const { messages, processes } = size;
  const limitMs = timeLimit(options, LIMIT_MS);
  try {
    await waitFor(
      async () => {
        await scene.takings.refresh();
        return orders.every(({ openid }) => scene.takings.shown(openid) > 0);
      },
      { timeoutMs: 60_000, intervalMs: 200, what: `all ${messages} messages to be taken` },
    ).catch(() => undefined);
    const books = await readBooks(scene.wechat);
    const refused = await refusals();
    const extra = orders.flatMap(({ openid }) => {
      const at = scene.takings.at(openid);
      return at === undefined ? [] : [at - (refused.get(openid) ?? Number.NaN)];
    });
    const refusedOnce = answers(books, SEND_PATHS.template, 40001);
    const p99 = percentile(extra, 99);
    return {
      name: 'token-storm',
      promise: 'P5',
      target: `${messages} × 40001 over ${processes} processes: 1 refresh, all sent, p99 < ${limitMs} ms more`,
      measured: `${refusedOnce} × 40001: ${books.tokenFetches} refresh, ${extra.length} sent, p99 ${p99} ms more`,
      held:
        refusedOnce >= messages &&
        books.tokenFetches === 1 &&
        extra.length === messages &&
        books.duplicates === 0 &&
        p99 < limitMs,
      details: {
        refusals: refusedOnce,
        refreshes: books.tokenFetches,
        sent: extra.length,
        duplicates: books.duplicates,
        extraMs: { p50: median(extra), p99, p100: percentile(extra, 100) },
      },
    };
  } finally {
    await scene.close();
  }
}
