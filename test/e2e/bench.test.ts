import { expect, test } from 'vitest';
import { useProcesses } from '../helpers/processes.ts';

const processes = useProcesses();

/** What a row of the outcome always says; the numbers belong to the machine. */
const ROW = {
  scenario: expect.any(String),
  unit: expect.stringMatching(/^(messages\/s|bytes\/message|ms)$/),
  ours: expect.any(Number),
  bare: expect.any(Number),
  ratio: expect.any(Number),
  target: expect.any(Object),
  ok: expect.any(Boolean),
  rounds: { ours: expect.any(Array), bare: expect.any(Array) },
};

async function quickRun(part: string) {
  const run = processes.start('bench/main.ts', { args: ['--quick', '--only', part] });
  const { code } = await run.exited;
  const last = JSON.parse(run.stdout.at(-1) ?? '') as { ok: boolean; results: unknown[] };
  return { code, last };
}

test.each([
  ['sending', 2],
  ['enqueue', 2],
  ['memory', 1],
  ['ingest', 2],
])('the benchmark of %s compares ours with bare in %i rows', async (part, rows) => {
  const { code, last } = await quickRun(part);
  expect(last).toEqual({
    ok: expect.any(Boolean),
    messages: 2000,
    machine: {
      cpus: expect.any(Number),
      cpu: expect.any(String),
      node: process.versions.node,
      redis: expect.stringMatching(/^\d+\.\d+/),
      date: expect.any(String),
    },
    results: Array.from({ length: rows }, () => ROW),
  });
  expect(code).toBe(last.ok ? 0 : 1);
});

test('wrong arguments are answered with the usage', async () => {
  const run = processes.start('bench/main.ts', { args: ['--only', 'everything'] });
  expect(await run.exited).toEqual({ code: 2, signal: null });
  expect(run.stderr.join('\n')).toContain('--only: expected one of sending, enqueue, memory');
});
