import { expect, test } from 'vitest';
import { counted } from '../../src/cli/count.ts';

test.each([
  [0, '0 times'],
  [1, '1 time'],
  [2, '2 times'],
])('%d are told as %s', (count, text) => {
  expect(counted(count, 'time')).toBe(text);
});
