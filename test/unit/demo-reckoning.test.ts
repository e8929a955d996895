import { describe, expect, test } from 'vitest';
import type { Accepted } from '../../src/local/demo/enqueue.ts';
import { type Evidence, reckon } from '../../src/local/demo/reckoning.ts';
import type { Taken } from '../../src/local/demo/wechat-side.ts';
import type { DeadLetter, MessageState, MessageStatus } from '../../src/producer/index.ts';
import { createSimulator } from '../../src/simulator/build.ts';

const APP = 'wx0123456789abcdef';
const JUDGEMENT = createSimulator().judge();

function template(key: string): Accepted {
  const envelope = { appId: APP, kind: 'template' as const, message: { touser: `o-${key}` } };
  return { id: key, messageId: `${APP}.${key}`, envelope };
}

function taken(key: string, state: Taken['state'] = 'shown'): Taken {
  return { seq: 1, kind: 'template', openid: `o-${key}`, clientMsgId: key, state };
}

function status(key: string, state: MessageState, errcode?: number): MessageStatus {
  const base = { messageId: `${APP}.${key}`, appId: APP, kind: 'template' as const };
  return { ...base, acceptedAt: 1, attempts: [], state, ...(errcode !== undefined && { errcode }) };
}

function evidence(parts: Partial<Evidence> & { states: readonly MessageStatus[] }): Evidence {
  const statuses = new Map(parts.states.map((one) => [one.messageId, one]));
  const empty = { accepted: [], deadLetters: [], record: [], judgement: JUDGEMENT, seconds: 1 };
  return { ...empty, ...parts, statuses };
}

describe('the demo’s reckoning', () => {
  test('is content when WeChat has what we call sent', () => {
    const { line, disagreements } = reckon(
      evidence({
        accepted: [template('a')],
        states: [status('a', 'sent')],
        record: [taken('a'), taken('a', 'absorbed')],
      }),
    );
    expect(line).toMatchObject({ enqueued: 1, sent: 1, lost: 0, unknown: 0 });
    expect(disagreements).toEqual([]);
  });

  test('counts as lost what we call sent and WeChat never got', () => {
    const { line, disagreements } = reckon(
      evidence({ accepted: [template('a')], states: [status('a', 'sent')] }),
    );
    expect(line).toMatchObject({ sent: 0, lost: 1 });
    expect(disagreements).toEqual([expect.stringContaining('WeChat never took it')]);
  });

  test('counts as lost what never ended, and what the ledger forgot', () => {
    const { line, disagreements } = reckon(
      evidence({ accepted: [template('a'), template('b')], states: [status('a', 'queued')] }),
    );
    expect(line.lost).toBe(2);
    expect(disagreements).toHaveLength(2);
  });

  test('does not believe that a message is dead when WeChat took it', () => {
    const letter = { messageId: `${APP}.a` } as DeadLetter;
    const { disagreements } = reckon(
      evidence({
        accepted: [template('a')],
        states: [status('a', 'dead', 45015)],
        record: [taken('a')],
        deadLetters: [letter],
      }),
    );
    expect(disagreements).toContainEqual(expect.stringContaining('we say dead, WeChat took it'));
  });

  test('wants a dead letter, and a refusal of WeChat, for every dead message', () => {
    const { line, disagreements } = reckon(
      evidence({ accepted: [template('a')], states: [status('a', 'dead', 43004)] }),
    );
    expect(line).toMatchObject({ deadLettered: 1, deadBy: { 43004: 1 }, lost: 0 });
    expect(disagreements).toEqual([
      expect.stringContaining('0 dead letters listed'),
      expect.stringContaining('WeChat answered it 0 times'),
    ]);
  });

  test('understands that a refusal whose answer was lost was asked for twice', () => {
    const requests = { '/cgi-bin/message/template/send': { 43004: 2 } };
    const parts = {
      accepted: [template('a')],
      states: [status('a', 'dead', 43004)],
      deadLetters: [{ messageId: `${APP}.a` } as DeadLetter],
    };
    const judged = (faults: Record<string, number>) =>
      reckon(evidence({ ...parts, judgement: { ...JUDGEMENT, requests, faults } })).disagreements;
    expect(judged({ reset: 1 })).toEqual([]);
    expect(judged({ errcode: 1 })).toEqual([expect.stringContaining('answered it 2 times')]);
  });

  test('notices what nobody enqueued', () => {
    const { disagreements } = reckon(evidence({ states: [], record: [taken('stray')] }));
    expect(disagreements).toEqual([expect.stringContaining('nobody enqueued')]);
  });
});
