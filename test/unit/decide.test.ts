import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ERRCODES } from '../../src/shared/errcodes/errcode.ts';
import type { Kind, Outcome, VerdictClass } from '../../src/shared/outcome.ts';
import { ERRCODE_CLASSES } from '../../src/shared/outcome.ts';
import { TIMINGS } from '../../src/shared/timings.ts';
import { decide, type Decision, type DecisionInput } from '../../src/worker/decide/decide.ts';
import { classify, type Verdict } from '../../src/worker/decide/verdict.ts';

const CLASSES: readonly VerdictClass[] = [
  ...ERRCODE_CLASSES,
  'unknown-code',
  'not-sent',
  'ambiguous',
  'refused-http',
];

type Case = Partial<DecisionInput> & { readonly class: VerdictClass };

function decided({ class: verdictClass, ...input }: Case): Decision {
  return decide({
    verdict: { class: verdictClass, detail: '' },
    kind: 'template',
    spent: 0,
    attempts: 0,
    ambiguousBefore: false,
    resendAmbiguous: false,
    random: () => 0,
    ...input,
  });
}

/** The outcome in one word, with what distinguishes it. */
function word({ outcome, spends, ambiguous }: Decision): string {
  const flags = `${spends ? '' : ' free'}${ambiguous ? ' maybe-out' : ''}`;
  switch (outcome.kind) {
    case 'retry':
      return `retry ${outcome.delayMs}${flags}`;
    case 'snooze':
      return `snooze ${outcome.cause}${flags}`;
    case 'dead':
      return `dead ${outcome.reason}${flags}`;
    case 'sent':
    case 'held':
    case 'unknown':
      return outcome.kind + flags;
  }
}

const anyInput = fc.record({
  kind: fc.constantFrom<Kind>('template', 'custom'),
  spent: fc.nat(12),
  attempts: fc.nat(60),
  ambiguousBefore: fc.boolean(),
  resendAmbiguous: fc.boolean(),
  random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }).map((value) => () => value),
});

describe('every verdict has its outcome', () => {
  test.each<[VerdictClass, string, string]>([
    ['ok', 'sent', 'sent'],
    ['held-review', 'held', 'held'],
    ['refresh-token', 'snooze token free', 'snooze token free'],
    ['transient', 'retry 1000', 'retry 1000'],
    ['rate-minute', 'snooze rate-limit free', 'snooze rate-limit free'],
    ['rate-recipient', 'retry 60000', 'retry 60000'],
    ['quota-day', 'snooze quota free', 'snooze quota free'],
    ['account-config', 'snooze permission free', 'snooze permission free'],
    ['dup-suppressed', 'retry 65000', 'retry 65000'],
    ['permanent-recipient', 'dead permanent-recipient', 'dead permanent-recipient'],
    ['permanent-payload', 'dead permanent-payload', 'dead permanent-payload'],
    ['template-config', 'dead template-config', 'dead template-config'],
    ['window-expired', 'dead window-expired', 'dead window-expired'],
    ['window-quota', 'dead window-quota', 'dead window-quota'],
    ['unknown-code', 'retry 1000', 'dead exhausted'],
    ['not-sent', 'retry 1000 free', 'retry 1000 free'],
    ['ambiguous', 'retry 1000 maybe-out', 'unknown maybe-out'],
    ['refused-http', 'retry 1000', 'retry 1000'],
  ])('%s: a first template attempt → %s, a first custom one → %s', (verdict, template, custom) => {
    expect(word(decided({ class: verdict }))).toBe(template);
    expect(word(decided({ class: verdict, kind: 'custom' }))).toBe(custom);
  });

  test('the table above names every class there is', () => {
    expect(CLASSES).toHaveLength(18);
  });
});

describe('with the budget spent', () => {
  const spent = { spent: 20, attempts: 20 };
  test.each<VerdictClass>(['transient', 'rate-recipient', 'refused-http', 'unknown-code'])(
    '%s is dead exhausted, or unknown when an attempt may have gone out',
    (verdict) => {
      expect(word(decided({ class: verdict, ...spent }))).toBe('dead exhausted');
      expect(word(decided({ class: verdict, ...spent, ambiguousBefore: true }))).toBe('unknown');
    },
  );

  test('an ambiguous attempt is unknown, never dead', () => {
    const input = { class: 'ambiguous', ...spent } as const;
    expect(word(decided(input))).toBe('unknown maybe-out');
    expect(word(decided({ ...input, kind: 'custom', resendAmbiguous: true }))).toBe(
      'unknown maybe-out',
    );
  });

  test('WeChat being out of reach goes on for a minute at a time, and costs nothing', () => {
    expect(word(decided({ class: 'not-sent', ...spent }))).toBe('retry 60000 free');
  });

  test.each<VerdictClass>(['refresh-token', 'rate-minute', 'quota-day', 'account-config'])(
    '%s still snoozes',
    (verdict) => {
      expect(word(decided({ class: verdict, ...spent }))).toMatch(/^snooze .* free$/);
    },
  );
});

test('an ambiguous custom message is sent again only for who asked for it', () => {
  const input = { class: 'ambiguous', kind: 'custom' } as const;
  expect(word(decided(input))).toBe('unknown maybe-out');
  expect(word(decided({ ...input, resendAmbiguous: true }))).toBe('retry 1000 maybe-out');
});

test('a suppressed duplicate after an ambiguous attempt was the message itself', () => {
  expect(word(decided({ class: 'dup-suppressed', ambiguousBefore: true }))).toBe('sent');
  expect(word(decided({ class: 'dup-suppressed', spent: 2 }))).toBe('dead exhausted');
});

test('one openid served concurrently waits seconds, one served too often waits minutes', () => {
  const verdict = (errcode: number): Verdict => ({ class: 'rate-recipient', errcode, detail: '' });
  expect(word(decided({ class: 'rate-recipient', verdict: verdict(43108) }))).toBe('retry 1000');
  expect(word(decided({ class: 'rate-recipient', verdict: verdict(43117) }))).toBe('retry 60000');
});

test('limits, quotas, accounts and tokens never spend an attempt, whatever came before', () => {
  fc.assert(
    fc.property(
      anyInput,
      fc.constantFrom<VerdictClass>('refresh-token', 'rate-minute', 'quota-day', 'account-config'),
      (input, verdictClass) => {
        const decision = decide({ verdict: { class: verdictClass, detail: '' }, ...input });
        expect(decision).toMatchObject({ spends: false, ambiguous: false });
        expect(decision.outcome.kind).toBe('snooze');
      },
    ),
  );
});

/** WeChat says that it has this message already; 45065 is the mass-send API's word for it. */
const SAYS_IT_HAS_IT: readonly number[] = [40_241, 45_065];

test('any errcode has exactly one outcome; only 0, and 40241 after doubt, are sent', () => {
  const errcode = fc.oneof(
    fc.integer(),
    fc.integer({ min: 40_000, max: 50_000 }),
    fc.constantFrom(...ERRCODES.map(({ code }) => code)),
    fc.maxSafeInteger(),
  );
  const KINDS: readonly Outcome['kind'][] = ['sent', 'held', 'retry', 'snooze', 'unknown', 'dead'];
  fc.assert(
    fc.property(errcode, anyInput, (code, input) => {
      const verdict = classify({ kind: 'reply', errcode: code, errmsg: '' });
      const { outcome, ambiguous } = decide({ verdict, ...input });
      expect(KINDS).toContain(outcome.kind);
      expect(ambiguous).toBe(false);
      const isSent = code === 0 || (SAYS_IT_HAS_IT.includes(code) && input.ambiguousBefore);
      expect(outcome.kind === 'sent').toBe(isSent);
      expect(outcome.kind === 'held').toBe(code === 40_252);
    }),
    { numRuns: 5_000 },
  );
});

test.each<VerdictClass>(CLASSES)(
  '%s: delays are whole, not negative and finite',
  (verdictClass) => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const { outcome } = decide({ verdict: { class: verdictClass, detail: '' }, ...input });
        if (outcome.kind !== 'retry' && outcome.kind !== 'snooze') return;
        expect(Number.isSafeInteger(outcome.delayMs)).toBe(true);
        const least = outcome.kind === 'retry' ? 750 : 0;
        expect(outcome.delayMs).toBeGreaterThanOrEqual(least);
      }),
    );
  },
);

test.each<VerdictClass>(['ambiguous', 'transient', 'unknown-code', 'refused-http'])(
  'all tries of a template that keeps meeting %s start within the guard of 480 s',
  (verdictClass) => {
    let total = 0;
    let spent = 0;
    for (; spent < 50; spent += 1) {
      const { outcome } = decided({
        class: verdictClass,
        spent,
        attempts: spent,
        ambiguousBefore: spent > 0,
      });
      if (outcome.kind !== 'retry') break;
      total += outcome.delayMs;
    }
    expect(spent).toBeLessThan(10);
    expect(total).toBeLessThanOrEqual(TIMINGS.templateRetryGuardMs);
  },
);
