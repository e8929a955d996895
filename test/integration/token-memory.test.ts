import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { Clock } from '../../src/shared/clock.ts';
import { accountKeys } from '../../src/shared/keys.ts';
import { Secret } from '../../src/shared/secret.ts';
import { TRACING_OFF } from '../../src/shared/tracing/span.ts';
import { createTokenSeal } from '../../src/worker/token/seal.ts';
import type { TokenSource } from '../../src/worker/token/token-source.ts';
import { createTokenStore, type TokenStore } from '../../src/worker/token/token-store.ts';
import { createTokens, type Tokens } from '../../src/worker/token/tokens.ts';
import { freshAppId } from '../helpers/courier.ts';
import { useRedis } from '../helpers/redis.ts';
import { eventually } from '../helpers/wait-for.ts';

/* What a process keeps of the shared token between two sends, and when it must not trust it. */

const redis = useRedis();
const LIFE_MS = 7_200_000;

interface Endpoint {
  readonly answersAfter?: Promise<void>;
  /** It hands out the same token again and again. */
  readonly sticky?: boolean;
  /** What Redis keeps of conflicts, in the place of the real thing. */
  readonly marks?: Pick<TokenStore, 'firstConflict' | 'countRefusal'>;
}

/** Two processes with one account: a source that numbers its tokens, and a clock to turn. */
function twoProcesses({ answersAfter, sticky = false, marks }: Endpoint = {}): {
  here: Tokens;
  there: Tokens;
  turn: (ms: number) => void;
  /** Who has counted a conflict. */
  conflicts: readonly string[];
  /** Ends the rest of the endpoint. */
  rested: () => Promise<unknown>;
} {
  let nowMs = 1_800_000_000_000;
  let fetched = 0;
  const conflicts: string[] = [];
  const appId = freshAppId();
  const clock: Clock = { now: () => nowMs, monotonic: () => nowMs };
  const source: TokenSource = {
    canForce: false,
    fetch: async () => {
      await answersAfter;
      const token = `token-${sticky ? 1 : (fetched += 1)}`;
      return { kind: 'token', fetched: { token, fetchedAt: nowMs, expiresAt: nowMs + LIFE_MS } };
    },
  };
  const seal = createTokenSeal({ appId, secret: new Secret('a-secret') }, randomBytes);
  const process = (owner: string) =>
    createTokens({
      tracing: TRACING_OFF,
      appId,
      store: { ...createTokenStore(redis.client, appId, seal, 'stable_token'), ...marks },
      source,
      clock,
      random: () => 0.5,
      logger: pino({ level: 'silent' }),
      owner,
      onRefresh: () => undefined,
      onConflict: () => void conflicts.push(owner),
    });
  return {
    here: process('here'),
    there: process('there'),
    turn: (ms) => (nowMs += ms),
    conflicts,
    rested: () => redis.client.del(accountKeys(appId).tokenLock),
  };
}

test('the token in memory is there at once, without a look into Redis', async () => {
  const { here } = twoProcesses();
  await here.current('0');
  expect(here.current('1')).toEqual({ kind: 'token', token: 'token-1', generation: '1' });
});

test('a token that another process has renewed is used from the next send on', async () => {
  const { here, there } = twoProcesses();
  await here.current('0');
  await there.renew('1', 'rejected');
  expect(await here.current('2')).toEqual({ kind: 'token', token: 'token-2', generation: '2' });
});

test('a token that ran out in memory is renewed, not sent', async () => {
  const { here, turn } = twoProcesses();
  await here.current('0');
  turn(LIFE_MS);
  expect(await here.current('1')).toEqual({ kind: 'token', token: 'token-2', generation: '2' });
});

test('who waits for another to fetch it is told to come back soon; who asks in vain is not', async () => {
  let answer: () => void = () => undefined;
  const { here, there } = twoProcesses({
    answersAfter: new Promise((resolve) => (answer = resolve)),
  });
  const asking = here.current('0');
  // The second finds the lock taken, whichever of the two is quicker at Redis.
  const results = await Promise.all([asking, there.current('0')]);
  answer();
  const soon = results.filter((result) => 'soon' in result && result.soon);
  expect([results.length, soon.length]).toEqual([2, 1]);
});

test('a token that WeChat goes on refusing is one conflict, however many processes meet it', async () => {
  const { here, there, conflicts, rested } = twoProcesses({ sticky: true });
  await here.current('0');
  const refused = async (tokens: Tokens) => {
    await rested();
    return await tokens.renew('1', 'rejected');
  };
  const givenUp = { kind: 'unavailable', detail: 'WeChat hands out the token it refuses' };
  await eventually(async () => expect(await refused(here)).toMatchObject(givenUp));
  expect(await refused(there)).toMatchObject(givenUp);
  // Nobody waits for the marks; this is answered behind them.
  await redis.client.ping();
  expect(conflicts).toEqual(['here']);
});

test('a token is handed on although Redis is slow or full for the marks of a conflict', async () => {
  let mark: (isFirst: boolean) => void = () => undefined;
  const { here, conflicts } = twoProcesses({
    marks: {
      firstConflict: () => new Promise((resolve) => (mark = resolve)),
      countRefusal: () => Promise.reject(new Error('OOM command not allowed')),
    },
  });
  await here.current('0');
  expect(await here.renew('1', 'rejected')).toMatchObject({ kind: 'token', generation: '2' });
  expect(conflicts).toEqual([]);
  mark(true);
  await eventually(() => expect(conflicts).toEqual(['here']));
});
