import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  classOf,
  ERRCODES,
  explainErrcode,
  LANGUAGES,
  lookupErrcode,
} from '../../src/shared/errcodes/errcode.ts';
import { ERRCODE_CLASSES, type ErrcodeClass } from '../../src/shared/outcome.ts';

/** Typed in from the survey of WeChat's codes, not from the table. */
const CODES: Readonly<Record<ErrcodeClass, readonly number[]>> = {
  ok: [0],
  'held-review': [40252],
  'refresh-token': [40001, 40014, 41001, 42001],
  transient: [-1, 45066, 61450, 9001002],
  'rate-minute': [45011],
  'rate-recipient': [43108, 43117],
  'quota-day': [45009],
  'account-config': [
    40002, 40125, 40164, 40200, 40234, 40243, 41002, 41004, 42002, 42007, 43104, 43106, 43107,
    45035, 45103, 48001, 48003, 48004, 48006, 48008, 50001, 50002, 50004, 50007, 61003, 61004,
    61007, 61023, 65400, 89501, 89503, 89506, 89507,
  ],
  'dup-suppressed': [40241, 45065],
  'permanent-recipient': [40003, 43004, 43005, 43019, 43101, 46004, 48002, 50005, 70000],
  'permanent-payload': [
    40004, 40005, 40006, 40007, 40008, 40009, 40010, 40011, 40012, 40013, 40033, 40035, 40036,
    40038, 40039, 40048, 40062, 40066, 40101, 40118, 40121, 40137, 40155, 40163, 40165, 40166,
    40246, 40247, 40249, 41006, 41009, 41028, 41029, 41030, 43001, 43002, 43003, 44001, 44002,
    44003, 44004, 45001, 45002, 45003, 45004, 45005, 45006, 45007, 45008, 45067, 45072, 45080,
    45081, 45083, 45084, 45166, 45168, 46001, 47001, 47003, 61451, 61452, 76001, 76002, 76003,
    76004, 76021, 76022, 87009, 87014, 9001001,
  ],
  'template-config': [40037, 43116, 45026, 45027, 200011, 200012, 200013, 200014, 200100],
  'window-expired': [45015],
  'window-quota': [45047],
};

/** What the token endpoints are known to answer. */
const TOKEN_CODES = [
  -1, 40001, 40002, 40013, 40125, 40164, 40243, 41002, 41004, 43002, 45009, 45011, 48004, 50002,
  50004, 50007, 89501, 89503, 89506, 89507,
];

describe('the table of errcodes', () => {
  it('has every surveyed code in its class, and no other', () => {
    for (const errcodeClass of ERRCODE_CLASSES) {
      for (const code of CODES[errcodeClass]) {
        expect(`${code} ${lookupErrcode(code)?.class}`).toBe(`${code} ${errcodeClass}`);
      }
    }
    expect(ERRCODES.map(({ code }) => code)).toEqual(
      Object.values(CODES)
        .flat()
        .sort((left, right) => left - right),
    );
  });

  it.each([40200, 48008, 65400])(
    'ends the message that met %i, since the account may send others',
    (code) => {
      expect(classOf(code, 'send')).toBe('permanent-payload');
      expect(classOf(code, 'token')).toBe('account-config');
    },
  );

  it('has no code twice', () => {
    expect(new Set(ERRCODES.map(({ code }) => code)).size).toBe(ERRCODES.length);
  });

  it.each(ERRCODES)('speaks both languages about $code', ({ meaning, advice }) => {
    for (const { en, zh } of [meaning, advice]) {
      expect(en).toMatch(/^[A-Z].{2,}\.$/);
      expect(en).not.toMatch(/\p{Script=Han}/u);
      expect(zh).toMatch(/^.*\p{Script=Han}.*。$/u);
      expect(zh).not.toMatch(/[,;!?]/);
    }
  });
});

describe('the accounts that WeChat refuses for a time', () => {
  it('are an hour after one refusal of the administrator, a day after two', () => {
    const timed = ERRCODES.filter(({ reprobeMs }) => reprobeMs !== undefined);
    expect(timed.map(({ code, reprobeMs }) => [code, reprobeMs])).toEqual([
      [89506, 24 * 3_600_000],
      [89507, 3_600_000],
    ]);
    for (const entry of timed) expect(entry.class).toBe('account-config');
  });
});

describe('the class of a code', () => {
  it('is exactly one for every integer, and never a success for an unknown one', () => {
    const known = new Set(ERRCODES.map(({ code }) => code));
    const anyCode = fc.oneof(fc.integer(), fc.constantFrom(...known));
    fc.assert(
      fc.property(anyCode, fc.constantFrom('send', 'token'), (code, endpoint) => {
        const possible = known.has(code) ? ERRCODE_CLASSES : ['unknown-code'];
        expect(possible).toContain(classOf(code, endpoint));
      }),
    );
  });

  it('is about the account where the token endpoint answers', () => {
    expect(classOf(40001, 'send')).toBe('refresh-token');
    expect(classOf(40013, 'send')).toBe('permanent-payload');
    for (const code of [40001, 40013]) expect(classOf(code, 'token')).toBe('account-config');
    const possible = ['transient', 'rate-minute', 'quota-day', 'account-config'];
    for (const code of TOKEN_CODES) expect(possible).toContain(classOf(code, 'token'));
  });

  it('never asks for another token while asking for a token', () => {
    for (const { code } of ERRCODES) expect(classOf(code, 'token')).not.toBe('refresh-token');
  });
});

describe('a lookup', () => {
  it('finds the whole entry, or nothing', () => {
    expect(lookupErrcode(43117)).toMatchObject({ code: 43117, confidence: 'reported' });
    expect(lookupErrcode(12_345)).toBeUndefined();
  });
});

describe('an explanation', () => {
  it('is in English unless asked for in Chinese', () => {
    expect(explainErrcode(45015)).toMatchObject({
      errcode: 45015,
      class: 'window-expired',
      meaning: expect.stringContaining('window'),
      advice: expect.stringContaining('template message'),
      whatHappensNow: expect.stringContaining('dead letter'),
    });
    expect(explainErrcode(45015, 'zh').advice).toContain('模板消息');
  });

  it('exists for any code, in both languages, saying what happens now', () => {
    for (const language of LANGUAGES) {
      for (const code of [...ERRCODES.map((entry) => entry.code), 12_345]) {
        const { meaning, advice, whatHappensNow } = explainErrcode(code, language);
        for (const text of [meaning, advice, whatHappensNow]) expect(text).not.toBe('');
      }
    }
    expect(explainErrcode(12_345)).toMatchObject({ errcode: 12_345, class: 'unknown-code' });
  });
});
