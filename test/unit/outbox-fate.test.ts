import { describe, expect, it, test } from 'vitest';
import { fateOf, refusalOf, restAfter } from '../../src/outbox/fate.ts';
import type { RowFate } from '../../src/outbox/outbox.ts';

const row = (envelope: unknown) => ({ rowId: '1', envelope });
const rejected = (code: 'ERR_QUEUE_UNAVAILABLE' | 'ERR_CLOSED' | 'ERR_ID_CONFLICT') =>
  ({ status: 'rejected', code, message: 'because' }) as const;

describe('a row of the outbox', () => {
  it.each([[{}], [{ id: 7 }], [null], ['text'], [[]]])(
    'without an id (%j) is rejected: repeated, it would be another message',
    (envelope) => {
      expect(refusalOf(row(envelope))).toMatchObject({
        kind: 'rejected',
        code: 'ERR_INVALID_MESSAGE',
      });
    },
  );

  it('with an id is the producer’s to judge', () => {
    expect(refusalOf(row({ id: 'order-1' }))).toBeNull();
  });

  it('goes once its message is in the lane, also the second time', () => {
    expect(fateOf({ status: 'queued', messageId: 'm' })).toEqual({
      kind: 'handed-over',
      duplicate: false,
    });
    expect(fateOf({ status: 'duplicate', messageId: 'm' })).toMatchObject({ duplicate: true });
  });

  it('stays as it is while Redis is away, for as long as the producer says', () => {
    expect(fateOf(rejected('ERR_CLOSED'))).toEqual({ kind: 'kept', retryAfterMs: 1000 });
    const full = { ...rejected('ERR_QUEUE_UNAVAILABLE'), retryAfterMs: 5000 };
    expect(fateOf(full)).toEqual({ kind: 'kept', retryAfterMs: 5000 });
  });

  it('that can never be accepted is marked with the reason', () => {
    expect(fateOf(rejected('ERR_ID_CONFLICT'))).toEqual({
      kind: 'rejected',
      code: 'ERR_ID_CONFLICT',
      reason: 'because',
    });
  });
});

test.each<[string, RowFate[], number]>([
  ['a full round: there may be more', [{ kind: 'handed-over', duplicate: false }], 0],
  ['an empty one', [], 250],
  ['a round that Redis did not take', [{ kind: 'kept', retryAfterMs: 900 }], 900],
])('after %s the relay rests as long as it should', (_what, fates, restMs) => {
  expect(restAfter(fates, 1, 250)).toBe(restMs);
});
