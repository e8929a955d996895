import { describe, expect, test } from 'vitest';
import { isOrphaned, isOver } from '../crash/ending.ts';
import { doubtOf, type Trial, violationsOf } from '../crash/invariants.ts';
import type { Observation } from '../crash/observation.ts';

const none = { waiting: 0, active: 0, failed: 0 };
const sent: Observation = {
  record: { st: 'sent', id: '12' },
  lanes: none,
  deadLetters: none,
  deadPending: 0,
  listedAsUnknown: false,
  shown: 1,
  absorbed: 0,
  msgids: ['12'],
  tokenFetches: 1,
  forcedFetches: 0,
};
const unknown: Observation = {
  ...sent,
  record: { st: 'unknown' },
  lanes: { ...none, failed: 1 },
  listedAsUnknown: true,
};
const dead: Observation = {
  ...sent,
  record: { st: 'dead' },
  deadLetters: { ...none, failed: 1 },
  shown: 0,
};
const template: Trial = {
  kind: 'template',
  end: 'sent',
  tokenFetches: 1,
  deaths: 1,
  doubt: 'certain',
};
const custom: Trial = { ...template, kind: 'custom' };

describe('a trial is well when', () => {
  test.each([
    ['a template was shown once and is known as sent', template, sent],
    ['WeChat absorbed the repetition', template, { ...sent, absorbed: 1 }],
    ['a custom message in doubt is parked, shown', custom, unknown],
    ['a custom message in doubt is parked, not shown', custom, { ...unknown, shown: 0 }],
    ['a custom message never was in doubt and is sent', { ...custom, doubt: 'none' }, sent],
    ['a refused message is one dead letter', { ...template, end: 'dead' }, dead],
    [
      'a template that was there at three deaths is poison, shown',
      { ...template, deaths: 3 },
      { ...dead, record: { st: 'dead', why: 'poison' }, shown: 1 },
    ],
    ['the death cost one more token', template, { ...sent, tokenFetches: 2 }],
  ] as const)('%s', (_name, trial, seen) => {
    expect(violationsOf(trial, seen)).toEqual([]);
  });
});

describe('a trial is not well when', () => {
  test.each([
    ['nothing is known', template, { ...sent, record: {} }, 'the ledger says nothing'],
    ['it still is sending', template, { ...sent, record: { st: 'sending' } }, 'says sending'],
    ['a template was shown twice', template, { ...sent, shown: 2 }, 'saw it 2 times'],
    ['a parked message was shown twice', custom, { ...unknown, shown: 2 }, 'saw it 2 times'],
    ['sent was never shown', template, { ...sent, shown: 0 }, 'WeChat never showed it'],
    ['a dead message was shown', { ...template, end: 'dead' }, { ...dead, shown: 1 }, 'showed it'],
    ['the msgid is not WeChat’s', template, { ...sent, msgids: ['13'] }, 'no msgid 12'],
    ['a template is parked', template, unknown, 'expected sent'],
    [
      'a custom message is parked without a doubt',
      { ...custom, doubt: 'none' },
      unknown,
      'unknown',
    ],
    ['a custom message in doubt is called sent', custom, sent, 'expected unknown'],
    [
      'a template is poison after two deaths',
      { ...template, deaths: 2 },
      { ...dead, record: { st: 'dead', why: 'poison' } },
      'expected sent',
    ],
    ['a dead letter is missing', { ...template, end: 'dead' }, { ...dead, deadLetters: none }, '0'],
    [
      'there are two dead letters',
      { ...template, end: 'dead' },
      { ...dead, deadLetters: { ...none, failed: 2 } },
      'dead letters: 2',
    ],
    ['a dead letter is not confirmed', template, { ...sent, deadPending: 1 }, 'not confirmed'],
    ['a job still waits', template, { ...sent, lanes: { ...none, waiting: 1 } }, 'waiting'],
    ['a job is left active', template, { ...sent, lanes: { ...none, active: 1 } }, 'active'],
    ['a parked job is not listed', custom, { ...unknown, listedAsUnknown: false }, 'listed'],
    ['tokens were fetched for nothing', template, { ...sent, tokenFetches: 3 }, 'token fetches: 3'],
    ['tokens were forced', template, { ...sent, forcedFetches: 3 }, 'forced token refreshes: 3'],
  ] as const)('%s', (_name, trial, seen, words) => {
    expect(violationsOf(trial, seen).join('; ')).toContain(words);
  });
});

describe('the doubt about a dead process', () => {
  test.each([
    ['before begin', 'begin:before:1', 'none'],
    ['begin written', 'begin:before:1 begin:written:1', 'possible'],
    ['answered, whatever the answer was', 'begin:written:1 begin:after:1', 'possible'],
    ['fetching a token', 'begin:written:1 begin:after:1 http.token:created:1', 'certain'],
    ['about to settle', 'begin:written:1 http.send:bodySent:1 settle:before:1', 'certain'],
    ['settle written', 'begin:written:1 settle:before:1 settle:written:1', 'possible'],
    ['settled', 'begin:written:1 settle:before:1 settle:written:1 settle:after:1', 'none'],
    [
      'settled for a retry, begun again',
      'settle:after:1 begin:written:2 http.send:created:2',
      'certain',
    ],
  ] as const)('%s', (_name, trace, doubt) => {
    expect(doubtOf([trace.split(' ')])).toBe(doubt);
  });

  test('is the largest of all that died', () => {
    expect(doubtOf([])).toBe('none');
    expect(doubtOf([['begin:written:1', 'settle:before:1'], ['begin:before:1']])).toBe('certain');
  });
});

describe('a story', () => {
  test('is over when the message has ended and no queue has work with it', () => {
    expect([sent, unknown, dead].map(isOver)).toEqual([true, true, true]);
    const active = { ...none, active: 1 };
    const notYet: Observation[] = [
      { ...sent, record: { st: 'retrying' } },
      { ...sent, lanes: active },
      { ...sent, lanes: { ...none, failed: 1 } },
      { ...dead, deadLetters: active },
      { ...dead, deadPending: 1 },
    ];
    expect(notYet.filter(isOver)).toEqual([]);
  });

  test('has an orphan when the ledger waits for a job that is nowhere', () => {
    expect(isOrphaned({ ...sent, record: { st: 'queued' } })).toBe(true);
    expect(isOrphaned({ ...sent, record: { st: 'queued' }, lanes: { ...none, waiting: 1 } })).toBe(
      false,
    );
    expect(isOrphaned(sent)).toBe(false);
  });
});
