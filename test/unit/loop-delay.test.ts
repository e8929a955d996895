import { Registry } from 'prom-client';
import { afterEach, expect, test } from 'vitest';
import { pino } from 'pino';
import { systemClock } from '../../src/shared/clock.ts';
import { createLoopDelay } from '../../src/shared/loop-delay.ts';
import type { Service } from '../../src/shared/lifecycle.ts';
import { waitFor } from '../helpers/wait-for.ts';

const logger = pino({ level: 'silent' });
const STALL_MS = 1200;
const heldUp: number[] = [];
let service: Service | undefined;

afterEach(async () => {
  await service?.stop();
  heldUp.length = 0;
});

/** Looks that often, so that a stall always covers a look. */
async function watch(intervalMs = 100): Promise<Registry> {
  const registry = new Registry();
  service = createLoopDelay({
    registry,
    logger,
    monotonic: systemClock.monotonic,
    intervalMs,
    onHeldUp: (longestMs) => heldUp.push(longestMs),
  });
  await service.start();
  return registry;
}

function standStill(): void {
  const until = performance.now() + STALL_MS;
  while (performance.now() < until);
}

test('a stall in a timer is an alarm, although the look is due before anything else can measure it', async () => {
  await watch();
  setTimeout(standStill, 10);
  await waitFor(() => heldUp.length > 0);
  expect(heldUp[0]).toBeGreaterThanOrEqual(STALL_MS - 20);
});

test('a stall right after a look, before the next tick, is an alarm', async () => {
  await watch();
  standStill();
  await waitFor(() => heldUp.length > 0);
  expect(heldUp[0]).toBeGreaterThanOrEqual(STALL_MS - 20);
});

test('one stall is one alarm, and what the gauge says of its window', async () => {
  const registry = await watch(500);
  const gauge = () => registry.getSingleMetric('courier_event_loop_delay_seconds')?.get();
  const longest = async () =>
    (await gauge())?.values.find(({ labels }) => labels['quantile'] === '1')?.value ?? 0;
  standStill();
  await waitFor(async () => (await longest()) >= 1);
  await waitFor(async () => (await longest()) < 1);
  expect(heldUp).toHaveLength(1);
});

test('a loop that is not held up says little and raises nothing', async () => {
  const registry = await watch();
  await waitFor(async () => (await registry.metrics()).includes('quantile="1"'));
  expect(heldUp).toEqual([]);
});
