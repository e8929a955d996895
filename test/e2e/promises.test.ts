import { expect, test } from 'vitest';
import type { Measure, Measured, MeasureOptions } from '../measure/measured.ts';
import { producerAway } from '../measure/producer-away.ts';
import { redisKills } from '../measure/redis-kills.ts';
import { stop } from '../measure/stop.ts';
import { tokenHolderKilled } from '../measure/token-holder-killed.ts';
import { tokenStorm } from '../measure/token-storm.ts';
import { useProcesses } from '../helpers/processes.ts';

/* The short forms of `npm run measure`: the same code, smaller; see docs/measures.md. */

const SHORT: MeasureOptions = {
  short: true,
  seed: 7,
  minutes: 1,
  outDir: '',
  say: () => undefined,
};
const processes = useProcesses();

/** What came out, in a form whose difference tells what was missed and by how much. */
async function outcomeOf(
  measure: Measure,
): Promise<Pick<Measured, 'held' | 'measured' | 'details'>> {
  const { held, measured, details } = await measure(SHORT);
  return { held, measured, details };
}

const KEPT = { held: true, measured: expect.any(String), details: expect.any(Object) };

test('200 messages that meet a replaced token at once cost one refresh', async () => {
  expect(await outcomeOf(tokenStorm)).toEqual(KEPT);
});

test('a process killed while it renews the token costs at most a second refresh', async () => {
  expect(await outcomeOf(tokenHolderKilled)).toEqual(KEPT);
});

test('calls to a Redis that is away are all refused in time, and safe to repeat', async () => {
  expect(await outcomeOf(producerAway)).toEqual(KEPT);
});

test('no stop of a worker leaves a message behind or sends one twice', async () => {
  expect(await outcomeOf(stop)).toEqual(KEPT);
});

test('a Redis killed again and again loses nothing it acknowledged', async () => {
  expect(await outcomeOf(redisKills)).toEqual(KEPT);
});

test('a measure that does not exist is answered with those that do', async () => {
  const run = processes.start('test/measure/main.ts', { args: ['everything'] });
  expect(await run.exited).toEqual({ code: 2, signal: null });
  expect(run.stderr.join('\n')).toContain('token-storm, token-holder-killed');
});
