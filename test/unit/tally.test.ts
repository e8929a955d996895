import { expect, test } from 'vitest';
import { tallyOf } from '../../src/shared/tally.ts';

const MINUTE = 60_000;
const NOW = 1_000 * MINUTE + 5000;

test('codes of all slices add up, the most frequent first, and only the last full minute is the rate', () => {
  const slices = [
    { 'template:0': '60', 'template:40001': '2', 'template@999': '90', 'template@1000': '7' },
    { 'template:0': '40', 'template:45009': '5', 'template:none': '3', 'template@999': '30' },
    {},
  ];
  expect(tallyOf(slices, NOW).template).toEqual({
    perSecond: 2,
    lately: 127,
    requests: 110,
    taken: 100,
    refusals: [
      { errcode: 45_009, count: 5 },
      { errcode: null, count: 3 },
      { errcode: 40_001, count: 2 },
    ],
  });
});

test('a kind sees nothing of the other', () => {
  const { template, custom } = tallyOf([{ 'custom:0': '4', 'custom@999': '6' }], NOW);
  expect(template).toEqual({ perSecond: 0, lately: 0, requests: 0, taken: 0, refusals: [] });
  expect(custom).toMatchObject({ perSecond: 0.1, requests: 4, taken: 4 });
});
