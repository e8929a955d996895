import { expect, test } from 'vitest';
import { useProcesses } from '../helpers/processes.ts';

/* The short form of `npm run chaos`: the same code, few messages, seeds that stay. */

const processes = useProcesses();
const RUN_MS = 240_000;

interface LastLine {
  readonly ok: boolean;
  readonly verdict: Readonly<Record<string, unknown>>;
  readonly killsAndStops: number;
  readonly complaints: readonly string[];
  readonly actions: Readonly<Record<string, number>>;
}

async function chaos(...args: readonly string[]) {
  const run = processes.start('test/chaos/main.ts', { args });
  const { code } = await run.exited;
  const said = [...run.stdout, ...run.stderr].join('\n');
  const last = JSON.parse(run.stdout.at(-1) ?? '{}') as LastLine;
  return { code, said, last, stderr: run.stderr };
}

/** Each seed that ever failed stays here, with what it found. */
const regressionSeeds: readonly (readonly [name: string, seed: number])[] = [
  ['kills, a freeze, a black hole, a dead Redis', 316],
];

test.each(regressionSeeds)(
  '%s (seed %i): nothing is lost, doubled or unexplained',
  async (_name, seed) => {
    const args = ['--seed', String(seed), '--messages', '3000', '--seconds', '35'];
    const { code, said, last } = await chaos(...args);
    expect(last.verdict, said).toMatchObject({
      acknowledged: 3000,
      lost: 0,
      duplicatedTemplates: 0,
      duplicatedCustoms: 0,
      unexplainedUnknown: 0,
      disagreements: 0,
    });
    expect(last.complaints).toEqual([]);
    expect(last.killsAndStops).toBeGreaterThanOrEqual(8);
    expect(last.actions).toMatchObject({ 'redis-kill': 1, 'black-hole': 1, freeze: 1 });
    expect(code, said).toBe(0);
  },
  RUN_MS,
);

test('wrong arguments are answered with the usage', async () => {
  const { code, stderr } = await chaos('--profile', 'everything');
  expect(code).toBe(2);
  expect(stderr.join('\n')).toContain(
    '--profile: expected all, workers, recovery, redis, got "everything"',
  );
});
