import fc from 'fast-check';
import { expect, test } from 'vitest';
import { completed, digitPattern, wordPattern } from '../../src/shared/ledger/id-pattern.ts';

test.each([
  ['order-1002-paid', { before: 'order-', behind: '-paid' }],
  ['order:20261127-0001:refunded', { before: 'order:', behind: ':refunded' }],
  ['paid/SO1002', { before: 'paid/', behind: '' }],
  ['1002.shipped', { before: '', behind: '.shipped' }],
  ['a-b-c3d-e-f', { before: 'a-b-', behind: '-e-f' }],
  ['order-1002', { before: 'order-', behind: '' }],
])('the pattern of %s is %o', (id, pattern) => {
  expect(wordPattern(id)).toEqual(pattern);
});

test.each(['1002', 'SO1002', 'paid', '9f1c-4b', `${'long-'.repeat(7)}1`])(
  '%s has no pattern',
  (id) => {
    expect(wordPattern(id)).toBeNull();
  },
);

test.each([
  ['SO2026112200471-shipped', { before: 'SO', behind: '-shipped' }],
  ['paid/SO1002', { before: 'paid/SO', behind: '' }],
  ['SO20261122-0471', { before: 'SO', behind: '' }],
  ['1002a', { before: '', behind: 'a' }],
])('without its digits %s is %o', (id, pattern) => {
  expect(digitPattern(id)).toEqual(pattern);
});

test.each(['1002', 'order-1002-paid', 'SO1002b3', '9f1c-4b', `${'long-'.repeat(7)}SO1`, 'paid'])(
  '%s has no pattern of its digits',
  (id) => {
    expect(digitPattern(id)).toBeNull();
  },
);

test.each(['1002', 'order-1002', '1002-paid'])('%s is completed to the whole id', (part) => {
  expect(completed(part, [{ before: 'order-', behind: '-paid' }])).toContain('order-1002-paid');
});

test('each id with a pattern is found by its number, by what is before it and by what is behind', () => {
  const piece = fc.string({ unit: fc.constantFrom(...'ab1-2:'), maxLength: 8 });
  const sort = fc.constantFrom(wordPattern, digitPattern);
  fc.assert(
    fc.property(sort, piece, fc.nat(), piece, (patternOf, before, number, behind) => {
      const id = `${before}${number}${behind}`;
      const pattern = patternOf(id);
      if (!pattern) return;
      const end = id.length - pattern.behind.length;
      const core = id.slice(pattern.before.length, end);
      expect(core).toMatch(/\d/);
      expect(pattern.before + pattern.behind).not.toMatch(/\d/);
      for (const part of [core, id.slice(0, end), id.slice(pattern.before.length)]) {
        expect([id, ...completed(part, [pattern])]).toContain(id);
      }
    }),
  );
});
