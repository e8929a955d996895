import fc from 'fast-check';
import { expect, test } from 'vitest';
import { completed, patternOf } from '../../src/shared/ledger/id-patterns.ts';

test.each([
  ['order-1002-paid', { before: 'order-', behind: '-paid' }],
  ['order:20261127-0001:refunded', { before: 'order:', behind: ':refunded' }],
  ['paid/SO1002', { before: 'paid/', behind: '' }],
  ['1002.shipped', { before: '', behind: '.shipped' }],
  ['a-b-c3d-e-f', { before: 'a-b-', behind: '-e-f' }],
  ['order-1002', { before: 'order-', behind: '' }],
])('the pattern of %s is %o', (id, pattern) => {
  expect(patternOf(id)).toEqual(pattern);
});

test.each(['1002', 'SO1002', 'paid', '9f1c-4b', `${'long-'.repeat(7)}1`])(
  '%s has no pattern',
  (id) => {
    expect(patternOf(id)).toBeNull();
  },
);

test.each(['1002', 'order-1002', '1002-paid'])('%s is completed to the whole id', (part) => {
  expect(completed(part, [{ before: 'order-', behind: '-paid' }])).toContain('order-1002-paid');
});

test('each id with a pattern is found by its number, by what is before it and by what is behind', () => {
  const piece = fc.string({ unit: fc.constantFrom(...'ab1-2:'), maxLength: 8 });
  fc.assert(
    fc.property(piece, fc.nat(), piece, (before, number, behind) => {
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
