import { expect, test } from 'vitest';
import { createTurns } from '../../src/worker/turns.ts';
import { freshAppId } from '../helpers/courier.ts';
import { useRedis } from '../helpers/redis.ts';
import { waitFor } from '../helpers/wait-for.ts';

/* Chores that one process of all does. */

const redis = useRedis();

test('of many processes one does the chore of a period, and the next period another may', async () => {
  const appId = freshAppId();
  const keyOf = (name: string) => `{${appId}}:turn:${name}`;
  const done: string[] = [];
  const processes = ['a', 'b', 'c'].map((owner) => ({
    owner,
    chore: createTurns({ redis: redis.client, keyOf, owner }).taking('look', 500, () => {
      done.push(owner);
      return Promise.resolve();
    }),
  }));
  await Promise.all(processes.map(({ chore }) => chore()));
  expect(done).toHaveLength(1);
  // Whoever had the turn dies with it; nobody has to wait for longer than a period.
  const [first] = done;
  const others = processes.filter(({ owner }) => owner !== first);
  await waitFor(async () => {
    await Promise.all(others.map(({ chore }) => chore()));
    return done.length > 1;
  });
  expect(done).toHaveLength(2);
  expect(done[1]).not.toBe(first);
});

test('a chore that fails keeps its turn: it is not done again and again', async () => {
  let tries = 0;
  const turns = createTurns({ redis: redis.client, keyOf: (name) => `t:${name}`, owner: 'a' });
  const chore = turns.taking('fails', 60_000, () => {
    tries += 1;
    return Promise.reject(new Error('no luck'));
  });
  await expect(chore()).rejects.toThrow('no luck');
  await chore();
  expect(tries).toBe(1);
});
