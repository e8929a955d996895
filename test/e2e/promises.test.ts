import { expect, test } from 'vitest';
import { useProcesses } from '../helpers/processes.ts';

/* The short forms of `npm run measure`: the promises that have a number, at WeChat's books. */

const processes = useProcesses();
const NAMES = ['token-storm', 'token-holder-killed', 'producer-away', 'stop', 'redis-kills'];

interface LastLine {
  readonly results: readonly { name: string; held: boolean; measured: string }[];
  readonly broken: readonly string[];
}

test('tokens, stops, a Redis that is away or killed: each promise holds', async () => {
  const run = processes.start('test/measure/main.ts', { args: [...NAMES, '--short'] });
  const { code } = await run.exited;
  const last = JSON.parse(run.stdout.at(-1) ?? '{}') as LastLine;
  const missed = last.results.filter(({ held }) => !held);
  expect({ missed, broken: last.broken }).toEqual({ missed: [], broken: [] });
  expect(last.results.map(({ name }) => name)).toEqual(NAMES);
  expect(code).toBe(0);
}, 240_000);

test('a measure nobody knows is answered with the usage', async () => {
  const run = processes.start('test/measure/main.ts', { args: ['everything'] });
  expect((await run.exited).code).toBe(2);
  expect(run.stderr.join('\n')).toContain('Expected the name of a measure, got "everything".');
});
