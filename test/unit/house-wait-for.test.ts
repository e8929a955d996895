import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { eventually, nextEvent, waitFor } from '../helpers/wait-for.ts';

describe('waitFor', () => {
  it('returns the first truthy value, past falsy ones and errors', async () => {
    const values = [undefined, new Error('not yet'), 'there'];
    const probe = () => {
      const value = values.shift();
      if (value instanceof Error) throw value;
      return value;
    };
    expect(await waitFor(probe, { intervalMs: 1 })).toBe('there');
  });

  it('says past its deadline what it waited for and what it saw last', async () => {
    const waiting = waitFor(() => 0, { timeoutMs: 20, what: 'a message' });
    await expect(waiting).rejects.toThrow('Waited 20 ms for a message; last value: 0');
  });
});

describe('eventually', () => {
  it('ends with the assertion that did not hold', async () => {
    const list: number[] = [];
    await eventually(() => expect(list.push(1)).toBe(3), { intervalMs: 1 });
    const waiting = eventually(() => expect(list).toEqual([]), { timeoutMs: 20 });
    await expect(waiting).rejects.toThrow('to deeply equal');
  });
});

describe('nextEvent', () => {
  it('returns what the event carried, or names the event that did not come', async () => {
    const emitter = new EventEmitter();
    const next = nextEvent(emitter, 'sent');
    emitter.emit('sent', 'order-1001');
    expect(await next).toEqual(['order-1001']);
    await expect(nextEvent(emitter, 'sent', { timeoutMs: 20 })).rejects.toThrow("'sent'");
  });
});
