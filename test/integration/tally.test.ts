import { pino } from 'pino';
import { expect, test } from 'vitest';
import { accountKeys } from '../../src/shared/keys.ts';
import { createTally, readTally } from '../../src/shared/tally.ts';
import { useRedis } from '../helpers/redis.ts';

const APP = 'wx0123456789abcdef';
const MINUTE = 60_000;
const redis = useRedis();

test('many codes of no table push out neither the known ones nor the rate, and take little memory', async () => {
  let now = 30 * MINUTE;
  const tally = createTally({
    redis: redis.client,
    appId: APP,
    now: () => now,
    logger: pino({ level: 'silent' }),
  });
  for (let code = 7_000_000; code < 7_001_000; code += 1) {
    tally.answered('template', code);
    // Written in between, as it is every 5 seconds.
    if (code % 100 === 0) await tally.stop();
  }
  tally.answered('template', 7_000_000);
  for (const errcode of [0, 0, 40_001, undefined]) tally.answered('template', errcode);
  await tally.stop();
  now += MINUTE;

  const { template } = await readTally(redis.client, APP, now);
  expect(template).toMatchObject({ requests: 1005, taken: 2, perSecond: 1005 / 60 });
  const countOf = (errcode: unknown) =>
    template.refusals.find((refusal) => refusal.errcode === errcode)?.count;
  expect([7_000_000, 40_001, null, 'other'].map(countOf)).toEqual([2, 1, 1, 950]);
  expect(await redis.client.hlen(accountKeys(APP).tally(1))).toBeLessThan(60);

  now += 30 * MINUTE;
  tally.answered('custom', 7_000_999);
  await tally.stop();
  const { custom } = await readTally(redis.client, APP, now);
  expect(custom.refusals).toEqual([{ errcode: 7_000_999, count: 1 }]);
});
