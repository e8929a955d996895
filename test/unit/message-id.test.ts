import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  deriveMessageId,
  parseMessageId,
  randomMessageId,
} from '../../src/shared/message/message-id.ts';
import { anyText } from '../helpers/any-text.ts';

const APP_ID = 'wx0123456789abcdef';
const SHAPE = /^wx0123456789abcdef\.[0-9a-z]{26}$/;

describe('a messageId', () => {
  it('is derived from account and id, the same for ever', () => {
    expect(deriveMessageId(APP_ID, 'order-1001-paid')).toBe(
      'wx0123456789abcdef.2mbepmi7pity4xzjlrsgk53wxa',
    );
  });

  it('has its shape whatever the id, without a character that Redis keys use', () => {
    fc.assert(
      fc.property(anyText(128), (id) => {
        const messageId = deriveMessageId(APP_ID, id);
        expect(messageId).toMatch(SHAPE);
        expect(messageId).not.toContain(':');
        expect(parseMessageId(messageId)).toEqual({ appId: APP_ID, key: messageId.slice(19) });
      }),
    );
  });

  it('differs by account and by id', () => {
    const ids = Array.from({ length: 10_000 }, (_, n) => deriveMessageId(APP_ID, `order-${n}`));
    expect(new Set(ids).size).toBe(10_000);
    const others = [deriveMessageId('wx-one', 'a'), deriveMessageId('wx-two', 'a')];
    expect(others[0]?.slice(7)).not.toBe(others[1]?.slice(7));
  });

  it('is new each time without an id, and uses all of its alphabet', () => {
    const ids = Array.from({ length: 1000 }, () => randomMessageId(APP_ID, randomBytes));
    expect(new Set(ids).size).toBe(1000);
    for (const id of ids) expect(id).toMatch(SHAPE);
    expect(new Set(ids.join('').replaceAll(`${APP_ID}.`, '')).size).toBe(32);
  });

  it('carries 130 bits: each of the first 130 matters, the rest do not', () => {
    const plain = randomMessageId(APP_ID, (size) => new Uint8Array(size));
    for (let bit = 0; bit < 136; bit += 1) {
      const changed = randomMessageId(APP_ID, (size) => {
        const bytes = new Uint8Array(size);
        bytes[bit >> 3] = 0x80 >> (bit & 7);
        return bytes;
      });
      expect(changed === plain).toBe(bit >= 130);
    }
  });

  it.each(['', 'wx0123456789abcdef', 'wx0123456789abcdef.', `.${'a'.repeat(26)}`, 'a b.c'])(
    'is not seen in %j',
    (text) => expect(parseMessageId(text)).toBeNull(),
  );

  it('is not seen in one that is too short, too long or upper-case', () => {
    for (const key of ['a'.repeat(25), 'a'.repeat(27), 'A'.repeat(26)]) {
      expect(parseMessageId(`${APP_ID}.${key}`)).toBeNull();
    }
  });
});
