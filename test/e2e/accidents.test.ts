import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ended, type Town, useTowns } from '../helpers/town.ts';
import { waitFor } from '../helpers/wait-for.ts';

/* Accidents inside a worker, and the ways in which process managers end one. */

const towns = useTowns();

/** Code that runs inside a worker before its own. */
async function preload(name: string, code: string): Promise<Readonly<Record<string, string>>> {
  const file = path.join(towns.dir, `${name}.mjs`);
  await writeFile(file, code);
  return { NODE_OPTIONS: `--import ${file}` };
}

async function expectNothingDoubled(here: Town, templates: number): Promise<void> {
  const judged = here.simulator.judge();
  expect({ duplicates: judged.duplicates, visible: judged.template.visible }).toEqual({
    duplicates: 0,
    visible: templates,
  });
}

test('an error nobody handled ends the worker with 1, what it sends is written down, others go on', async () => {
  const here = await towns.open({ latency: 300 });
  const env = await preload(
    'careless',
    `process.on('SIGUSR2', () => void Promise.reject(new Error('nobody cares')));`,
  );
  const careless = here.worker(env);
  await careless.ready();
  const ids = [...(await here.enqueue('template', 100)), ...(await here.enqueue('custom', 100))];
  await waitFor(() => here.simulator.judge().custom.accepted > 20);
  process.kill(careless.pid, 'SIGUSR2');
  expect(await careless.exited).toEqual({ code: 1, signal: null });
  expect(careless.stdout.some((line) => line.includes('nobody cares'))).toBe(true);
  await here.worker().ready();
  expect(await ended(here, ids)).toEqual({ sent: 200 });
  await expectNothingDoubled(here, 100);
});

test('an event loop that stands still for longer than its locks doubles nothing, and is an alarm', async () => {
  const here = await towns.open({ latency: 300 });
  const env = await preload(
    'stuck',
    `process.on('SIGUSR2', () => { const until = Date.now() + 17000; while (Date.now() < until); });`,
  );
  const [stuck, other] = [here.worker(env), here.worker()];
  await Promise.all([stuck.ready(), other.ready()]);
  const templates = await here.enqueue('template', 200);
  const customs = await here.enqueue('custom', 200);
  await waitFor(() => here.simulator.judge().custom.accepted > 20);
  process.kill(stuck.pid, 'SIGUSR2');
  expect(await ended(here, templates)).toEqual({ sent: 200 });
  const states = await ended(here, customs);
  expect((states['sent'] ?? 0) + (states['unknown'] ?? 0)).toBe(200);
  await stuck.line(/event-loop-held-up/, { timeoutMs: 40_000 });
  await expectNothingDoubled(here, 200);
});

test.each([
  ['pm2 by itself', 1_600],
  ['pm2 as we ship it', 20_000],
])(
  'a reload by %s (SIGINT, SIGKILL after %i ms) lets requests of half a second end',
  async (_who, killMs) => {
    const here = await towns.open({ latency: 500 });
    const old = here.worker();
    await old.ready();
    const templates = await here.enqueue('template', 150);
    const customs = await here.enqueue('custom', 150);
    await waitFor(() => here.simulator.judge().custom.accepted > 20);
    const fresh = here.worker();
    await fresh.ready();
    const kill = setTimeout(() => void old.stop('SIGKILL'), killMs);
    // Whatever is in flight ends within half a second, long before either deadline.
    expect(await old.stop('SIGINT')).toEqual({ code: 0, signal: null });
    clearTimeout(kill);
    expect(await ended(here, [...templates, ...customs])).toEqual({ sent: 300 });
    await expectNothingDoubled(here, 150);
  },
);

test('a reload that kills requests under way, as pm2 does after 1.6 s, loses and doubles nothing', async () => {
  const here = await towns.open({ latency: 2500 });
  const old = here.worker();
  await old.ready();
  const templates = await here.enqueue('template', 60);
  const customs = await here.enqueue('custom', 60);
  // The token takes as long as any answer.
  await waitFor(() => here.simulator.judge().custom.accepted > 20, { timeoutMs: 15_000 });
  const left = old.stop('SIGINT');
  const kill = setTimeout(() => void old.stop('SIGKILL'), 1600);
  expect(await left).toEqual({ code: null, signal: 'SIGKILL' });
  clearTimeout(kill);
  await here.worker().ready();
  const ends = await ended(here, [...templates, ...customs]);
  // Those whose request was under way may have arrived: nobody knows, so none goes again.
  expect(ends['unknown']).toBeGreaterThan(0);
  expect((ends['sent'] ?? 0) + (ends['unknown'] ?? 0)).toBe(120);
  const { template, custom } = here.simulator.judge();
  expect(template.duplicates + custom.duplicates).toBe(0);
});

test('a worker whose clock is an hour off refuses to start: exit 78, one line', async () => {
  const here = await towns.open();
  const env = await preload(
    'ahead',
    `const now = Date.now.bind(Date); Date.now = () => now() + 3_600_000;`,
  );
  const ahead = here.worker(env);
  expect(await ahead.exited).toEqual({ code: 78, signal: null });
  expect(ahead.stderr.join('\n')).toMatch(/^ERR_CONFIG: Clock: expected at most 2000 ms .*$/);
});
