import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseRecord, parseState } from '../../src/shared/ledger/record.ts';
import { MESSAGE_STATES } from '../../src/shared/outcome.ts';

describe('a record', () => {
  test('that is not there is null', () => {
    expect(parseRecord({})).toBeNull();
  });

  test('with all its fields says all it knows', () => {
    const record = parseRecord({
      st: 'dead',
      k: 'c',
      h: 'hash',
      a: '1000',
      due: '2000',
      end: '3000',
      why: 'window-expired',
      ec: '45015',
      c: '2',
      g: '1',
      rd: '1190:dead:1150:exhausted:-1;',
      log: '1100:20:transient:-1;1200:30:window-expired:45015;',
    });
    expect(record).toEqual({
      kind: 'custom',
      state: 'dead',
      acceptedAt: 1000,
      due: 2000,
      endedAt: 3000,
      reason: 'window-expired',
      errcode: 45_015,
      redrives: 1,
      redriven: [{ at: 1190, from: 'dead', endedAt: 1150, reason: 'exhausted', errcode: -1 }],
      attempts: [
        { number: 1, at: 1100, durationMs: 20, verdict: 'transient', errcode: -1 },
        { number: 2, at: 1200, durationMs: 30, verdict: 'window-expired', errcode: 45_015 },
      ],
    });
  });

  test('keeps WeChat’s id as the text it was', () => {
    const record = parseRecord({ st: 'sent', k: 't', a: '1', id: '4012345678901234567' });
    expect(record?.wechatMsgId).toBe('4012345678901234567');
  });

  test('whose oldest attempts were dropped numbers the rest as they were', () => {
    const log = '5:1:ambiguous:;6:1:ok:0;';
    const numbers = parseRecord({ st: 'sent', c: '40', log })?.attempts.map((one) => one.number);
    expect(numbers).toEqual([39, 40]);
  });

  test('with a state of no known name counts as none', () => {
    expect(parseRecord({ st: 'flying' })).toBeNull();
    expect(parseRecord({ st: 'scheduled' })).toBeNull();
  });

  test('full of nonsense does not throw', () => {
    const names = ['st', 'k', 'a', 'due', 'end', 'why', 'ec', 'id', 'g', 'rd', 'c', 'log'];
    const text = fc.oneof(
      fc.string({ maxLength: 30 }),
      fc.constantFrom(...MESSAGE_STATES, ';', ':'),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), text), (fields) => {
        const record = parseRecord(fields);
        expect(record === null || Array.isArray(record.attempts)).toBe(true);
      }),
    );
  });
});

test('every stored state is read back as itself; scheduled is never stored', () => {
  for (const state of MESSAGE_STATES) {
    expect(parseState(state)).toBe(state === 'scheduled' ? null : state);
  }
  expect(parseState(undefined)).toBeNull();
  expect(parseState('')).toBeNull();
});
