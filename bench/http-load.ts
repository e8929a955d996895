import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import { APP_ID, orderMessage } from './messages.ts';

/** Where requests go, and with which key. */
export interface Paced {
  readonly url: string;
  readonly key: string;
}

export interface PaceOutcome {
  readonly p99Ms: number;
  /** Requests that were not accepted. */
  readonly failed: number;
}

const CONNECTIONS = 128;
const TICK_MS = 5;
/** Until everything is compiled and connected, and what piled up meanwhile is worked off. */
const WARM_UP_MS = 10_000;

/**
 * Offers requests at a fixed rate, whether earlier ones were answered or not. A time counts from
 * when the request was due, so that a server that falls behind cannot hide it.
 */
export async function pace(
  target: Paced,
  { perSecond, seconds }: { perSecond: number; seconds: number },
): Promise<PaceOutcome> {
  const client = open(target);
  const times: number[] = [];
  let failed = 0;
  const running: Promise<void>[] = [];
  const began = performance.now();
  const endMs = WARM_UP_MS + seconds * 1000;
  let sent = 0;
  const one = async (index: number, dueMs: number): Promise<void> => {
    if (!(await client.post(index))) failed += 1;
    if (dueMs >= WARM_UP_MS) times.push(performance.now() - began - dueMs);
  };
  for (;;) {
    const nowMs = performance.now() - began;
    if (nowMs >= endMs) break;
    for (; (sent * 1000) / perSecond <= nowMs; sent += 1) {
      running.push(one(sent, (sent * 1000) / perSecond));
    }
    await delay(TICK_MS);
  }
  await Promise.all(running);
  await client.close();
  const sorted = times.toSorted((left, right) => left - right);
  return { p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN, failed };
}

/** Accepted requests a second of callers that each wait for their answer. */
export async function saturate(
  target: Paced,
  { callers, seconds }: { callers: number; seconds: number },
): Promise<number> {
  const client = open(target);
  const startsAt = performance.now() + WARM_UP_MS;
  const endsAt = startsAt + seconds * 1000;
  let next = 0;
  let accepted = 0;
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (performance.now() < endsAt) {
        next += 1;
        const isAccepted = await client.post(next);
        if (isAccepted && performance.now() >= startsAt && performance.now() < endsAt)
          accepted += 1;
      }
    }),
  );
  await client.close();
  return accepted / seconds;
}

function open({ url, key }: Paced) {
  const pool = new Pool(url, { connections: CONNECTIONS });
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  return {
    /** Each order is a message of its own. */
    async post(index: number): Promise<boolean> {
      const id = `order-${index}-paid`;
      const envelope = { appId: APP_ID, kind: 'template', id, message: orderMessage(index) };
      const body = JSON.stringify(envelope);
      const answer = await pool.request({ path: '/v1/messages', method: 'POST', headers, body });
      await answer.body.dump();
      return answer.statusCode === 202;
    },
    close: () => pool.close(),
  };
}
