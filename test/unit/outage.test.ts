import { expect, test } from 'vitest';
import { createOutageWatch } from '../../src/worker/decide/outage.ts';

/** What a watch says to a row of answers, one every so many ms. */
function told(answers: readonly boolean[], everyMs: number): boolean[] {
  let now = 0;
  const watch = createOutageWatch(() => now);
  return answers.map((answered) => {
    now += everyMs;
    return watch.saw(answered);
  });
}

const rows = (count: number, answered: (at: number) => boolean): boolean[] =>
  Array.from({ length: count }, (_, at) => answered(at));

test('nineteen requests without an answer are no outage, the twentieth makes it one', () => {
  const said = told(
    rows(20, () => false),
    10,
  );
  expect(said.indexOf(true)).toBe(19);
});

test('half without an answer is an outage, less is none', () => {
  expect(
    told(
      rows(200, (at) => at % 2 === 0),
      10,
    ),
  ).toContain(true);
  expect(
    told(
      rows(200, (at) => at % 5 < 3),
      10,
    ),
  ).not.toContain(true);
});

test('mishaps that are far apart are no outage', () => {
  expect(
    told(
      rows(200, () => false),
      2_000,
    ),
  ).not.toContain(true);
});

test('after an outage three without an answer are enough, until one is answered', () => {
  const times = (said: readonly boolean[]) => said.flatMap((outage, at) => (outage ? [at] : []));
  expect(
    times(
      told(
        rows(29, () => false),
        10,
      ),
    ),
  ).toEqual([19, 22, 25, 28]);
  const silence = [...rows(20, () => false), true, ...rows(18, () => false)];
  expect(times(told(silence, 10))).toEqual([19]);
});
