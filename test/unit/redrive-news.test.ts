import { expect, it } from 'vitest';
import { isBeingRedriven } from '../../src/dashboard/pages/message.ts';
import type { DeadLetter, FoundMessage } from '../../src/producer/index.ts';

const AT = 1_800_000_000_000;
const MESSAGE: FoundMessage = {
  messageId: 'wx0123456789abcdef.0123456789abcdefghij012345',
  appId: 'wx0123456789abcdef',
  kind: 'template',
  state: 'queued',
  acceptedAt: AT - 5000,
  attempts: [],
  redriven: [
    { at: AT - 900_000, from: 'dead' },
    { at: AT, from: 'dead' },
  ],
};
const LETTER: DeadLetter = {
  messageId: MESSAGE.messageId,
  appId: MESSAGE.appId,
  kind: 'template',
  reason: 'exhausted',
  deadAt: AT,
  redrives: 0,
} as DeadLetter;
const seen = (status: Partial<FoundMessage>, letter: DeadLetter | null, now = AT) =>
  isBeingRedriven({ status: { ...MESSAGE, ...status }, content: null, letter, now });

it('is news for a minute after the message was put back', () => {
  expect(seen({}, null, AT + 59_000)).toBe(true);
  expect(seen({}, null, AT + 61_000)).toBe(false);
});

it('is no news once the message has ended anew', () => {
  expect(seen({ state: 'dead', endedAt: AT + 5 }, LETTER, AT + 1000)).toBe(false);
  expect(seen({ state: 'sent', endedAt: AT + 5 }, null, AT + 1000)).toBe(false);
  expect(seen({ state: 'queued', endedAt: AT - 5 }, null, AT + 1000)).toBe(true);
});

it('is news as long as the letter has left its queue, and the message is not back yet', () => {
  expect(seen({ state: 'dead', redriven: [] }, null)).toBe(true);
  expect(seen({ state: 'dead', redriven: [] }, LETTER)).toBe(false);
  expect(seen({ state: 'sent', redriven: [] }, null)).toBe(false);
});
