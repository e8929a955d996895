import { describe, expect, test } from 'vitest';
import type { Disturbance } from '../chaos/disturbance.ts';
import { type Evidence, judge, type Said, type Taken } from '../chaos/verdict.ts';

const ANN = { messageId: 'm-ann', kind: 'template', openid: 'o-ann' } as const;
const BOB = { messageId: 'm-bob', kind: 'custom', openid: 'o-bob' } as const;
const SENT: Said = { state: 'sent', attempts: [] };
const UNKNOWN: Said = {
  state: 'unknown',
  attempts: [{ at: 1000, durationMs: 100, verdict: 'ambiguous' }],
};

function shown(who: typeof ANN | typeof BOB, state: Taken['state'] = 'shown'): Taken {
  return { at: 1000, kind: who.kind, openid: who.openid, state };
}

/** Ann and Bob got what they were owed, but for the changes. */
function evidence(changes: Partial<Evidence>, ann: Said | null = SENT, bob: Said | null = SENT) {
  const said = new Map<string, Said>();
  if (ann) said.set(ANN.messageId, ann);
  if (bob) said.set(BOB.messageId, bob);
  return {
    owed: [ANN, BOB],
    refused: [],
    taken: [shown(ANN), shown(BOB)],
    said,
    deadLetters: [],
    unknownListed: [],
    disturbances: [],
    ...changes,
  } satisfies Evidence;
}

test('a run in which everybody got one message is fine', () => {
  expect(judge(evidence({}))).toEqual({
    acknowledged: 2,
    sent: 2,
    deadLettered: 0,
    poison: 0,
    unknown: [],
    lost: [],
    duplicatedTemplates: 0,
    duplicatedCustoms: 0,
    duplicates: [],
    absorbedRepeats: 0,
    unexplainedUnknown: 0,
    disagreements: [],
    ok: true,
  });
});

describe('what is lost', () => {
  test.each([
    ['forgotten', {}, null, 'acknowledged and forgotten, taken by WeChat'],
    ['forgotten and not out', { taken: [] }, null, 'acknowledged and forgotten, not taken'],
    ['never taken', { taken: [] }, SENT, 'said to be sent, never taken by WeChat'],
    ['stuck', {}, { state: 'retrying', attempts: [] }, 'still retrying, taken by WeChat'],
    ['held', { taken: [] }, { state: 'queued', attempts: [] }, 'still queued, not taken'],
    ['dead', { taken: [] }, { state: 'dead', attempts: [] }, 'dead without a dead letter'],
    ['unlisted', {}, UNKNOWN, 'unknown and not listed'],
  ] satisfies [string, Partial<Evidence>, Said | null, string][])(
    'a message that is %s',
    (_name, changes, ann, what) => {
      const { lost, ok } = judge(evidence({ owed: [ANN], ...changes }, ann));
      expect(lost).toEqual([{ ...without(ANN), what: expect.stringContaining(what) as unknown }]);
      expect(ok).toBe(false);
    },
  );
});

describe('what is doubled', () => {
  test.each([
    ['a template', [shown(ANN), shown(ANN), shown(ANN), shown(BOB)], 2, 0],
    ['a customer message', [shown(ANN), shown(BOB), shown(BOB)], 0, 1],
    ['one held for review', [shown(ANN), shown(ANN, 'held'), shown(BOB)], 1, 0],
    ['no repeat that was absorbed', [shown(ANN), shown(ANN, 'absorbed'), shown(BOB)], 0, 0],
  ])('%s', (_name, taken, templates, customs) => {
    const verdict = judge(evidence({ taken }));
    expect(verdict.duplicatedTemplates).toBe(templates);
    expect(verdict.duplicatedCustoms).toBe(customs);
    expect(verdict.ok).toBe(templates + customs === 0);
  });

  test('repeats that WeChat dropped are counted', () => {
    const taken = [shown(ANN), shown(ANN, 'absorbed'), shown(ANN, 'absorbed'), shown(BOB)];
    expect(judge(evidence({ taken })).absorbedRepeats).toBe(2);
  });
});

describe('an unknown outcome', () => {
  const listed = { unknownListed: [BOB.messageId] };
  const cut = (change: Partial<Disturbance>): Disturbance[] => [
    { what: 'cut', from: 1050, to: 1050, hit: new Set([BOB.openid]), ...change },
  ];
  test.each([
    ['hit by name', cut({}), 'cut'],
    ['hit while nobody could look', cut({ hit: 'any' }), 'cut'],
    ['as the wait for a token ended', cut({ from: 4100, to: 4100 }), 'cut'],
    ['with another recipient hit', cut({ hit: new Set(['o-ann']) }), null],
    ['long before', cut({ from: 10, to: 999 }), null],
    ['after it had its answer', cut({ from: 4101, to: 9000 }), null],
    ['without any disturbance', [], null],
  ])('%s', (_name, disturbances, because) => {
    const verdict = judge(evidence({ ...listed, disturbances }, SENT, UNKNOWN));
    expect(verdict.unknown).toEqual([{ ...BOB, because, taken: true }]);
    expect(verdict.unexplainedUnknown).toBe(because === null ? 1 : 0);
    expect(verdict.ok).toBe(because !== null);
    expect(verdict.lost).toEqual([]);
  });

  test('is not explained by what hit another attempt, which had its answer', () => {
    const attempts = [
      { at: 1000, durationMs: 100, verdict: 'transient' },
      { at: 90_000, durationMs: 100, verdict: 'ambiguous' },
    ];
    const said: Said = { state: 'unknown', attempts };
    const verdict = judge(evidence({ ...listed, disturbances: cut({}) }, SENT, said));
    expect(verdict.unexplainedUnknown).toBe(1);
  });
});

describe('books that contradict each other', () => {
  const dead: Said = { state: 'dead', attempts: [] };
  test.each([
    ['dead, yet taken', { deadLetters: [ANN.messageId] }, dead, 'said to be dead, taken'],
    ['a dead letter of what was sent', { deadLetters: [ANN.messageId] }, SENT, 'listed as dead'],
    ['listed as unknown, yet sent', { unknownListed: [ANN.messageId] }, SENT, 'but sent'],
    ['a letter of nobody', { deadLetters: ['m-eve'] }, SENT, 'but not known'],
    ['refused, yet taken', { refused: ['o-ann'] }, SENT, 'refused by the producer'],
  ] satisfies [string, Partial<Evidence>, Said, string][])('%s', (_name, changes, ann, what) => {
    const { disagreements, lost, ok } = judge(evidence(changes, ann));
    expect(disagreements.map((finding) => finding.what).join()).toContain(what);
    expect(lost).toEqual([]);
    expect(ok).toBe(false);
  });

  test('a message held for poison may be out', () => {
    const poison: Said = { ...dead, reason: 'poison' };
    const changes = { deadLetters: [ANN.messageId] };
    expect(judge(evidence(changes, poison))).toMatchObject({
      deadLettered: 1,
      poison: 1,
      ok: true,
    });
  });

  test('a dead letter that is one is no contradiction', () => {
    const changes = { taken: [shown(BOB)], deadLetters: [ANN.messageId] };
    expect(judge(evidence(changes, dead))).toMatchObject({ deadLettered: 1, sent: 1, ok: true });
  });
});

function without({ messageId, openid }: typeof ANN) {
  return { messageId, openid };
}
