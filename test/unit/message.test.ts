import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { contentHash } from '../../src/shared/message/content-hash.ts';
import { MSGTYPES } from '../../src/shared/message/custom.ts';
import {
  envelopeSchema,
  messageSchema,
  validateEnvelope,
  validateMessage,
  type Envelope,
} from '../../src/shared/message/envelope.ts';
import { KINDS } from '../../src/shared/outcome.ts';

const NOW = Date.parse('2026-11-23T00:00:00Z');
const OPENID = 'oABCDEFGHIJKLMNOPQRSTUVWXYZ0';
const TEMPLATE = {
  touser: OPENID,
  template_id: 'ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY',
  url: 'https://shop.example/orders/1001',
  miniprogram: { appid: 'wxfedcba9876543210', pagepath: 'pages/order?id=1001' },
  data: { thing1: { value: '巧克力' }, amount2: { value: '39.8元' } },
};
const TEXT = { touser: OPENID, msgtype: 'text', text: { content: '您好' } };
const ENVELOPE = { appId: 'wx0123456789abcdef', kind: 'template', message: TEMPLATE };

function accepted(input: unknown): Envelope {
  const result = validateEnvelope(input, NOW);
  expect(result).toMatchObject({ ok: true });
  if (!result.ok) throw new Error('refused');
  return result.envelope;
}

/** The issues as `path reason` lines. */
function refused(input: unknown): string[] {
  const result = validateEnvelope(input, NOW);
  if (result.ok) throw new Error('accepted');
  return result.issues.map(({ path, reason }) => `${path} ${reason}`);
}

function refusedTemplate(change: object): string[] {
  return refused({ ...ENVELOPE, message: { ...TEMPLATE, ...change } });
}

function refusedCustom(message: object): string[] {
  return refused({ ...ENVELOPE, kind: 'custom', message });
}

describe('an envelope', () => {
  it('gets its defaults, and keeps the very message', () => {
    const template = accepted(ENVELOPE);
    expect(template).toEqual({ ...ENVELOPE, priority: 'normal' });
    expect(template.message).toBe(TEMPLATE);
    expect(accepted({ ...ENVELOPE, kind: 'custom', message: TEXT }).onAmbiguous).toBe('park');
  });

  it.each([
    ['2026-12-01T09:00:00+08:00', 1_796_086_800_000],
    ['2026-12-01T01:00:00Z', 1_796_086_800_000],
    ['2026-12-01T01:00:00.250Z', 1_796_086_800_250],
    [1_796_086_800_000, 1_796_086_800_000],
  ])('takes %j as a time', (sendAt, epoch) => {
    expect(accepted({ ...ENVELOPE, sendAt, expiresAt: epoch + 1 })).toMatchObject({
      sendAt: epoch,
      expiresAt: epoch + 1,
    });
  });

  it.each([
    '2026-12-01T09:00:00',
    '2026-12-01',
    '2026-02-30T09:00:00Z',
    'tomorrow',
    1_796_086_800,
    1_796_086_800_000.5,
    -1,
    '',
    {},
  ])('refuses %j as a time, and shows how to write one', (sendAt) => {
    const [issue, ...others] = refused({ ...ENVELOPE, sendAt });
    expect(issue).toMatch(/^\/sendAt expected a time as ISO 8601 with an offset \(.+, got /);
    expect(others).toEqual([]);
  });

  it('is refused if it expires before now or before it is sent, or is sent in a far future', () => {
    const day = 24 * 3_600_000;
    expect(refused({ ...ENVELOPE, expiresAt: NOW })[0]).toMatch(/^\/expiresAt .*in the future/);
    expect(refused({ ...ENVELOPE, sendAt: NOW + day, expiresAt: NOW + day })[0]).toMatch(
      /^\/expiresAt .*after sendAt/,
    );
    expect(refused({ ...ENVELOPE, sendAt: NOW + 91 * day })[0]).toMatch(/^\/sendAt .*90 days/);
    accepted({ ...ENVELOPE, sendAt: NOW - day, expiresAt: NOW + 1 });
  });

  it.each([undefined, null, 0, 'text', [], [ENVELOPE]])('is refused if it is %j', (input) => {
    expect(refused(input)).toHaveLength(1);
    expect(refused(input)[0]).toMatch(/^ expected an envelope as an object, got /);
  });

  it('may be an object of a class, and is checked all the same', () => {
    class Order {
      readonly appId = ENVELOPE.appId;
      readonly kind = 'template';
      get message(): object {
        return { ...TEMPLATE, touser: 'x' };
      }
    }
    expect(refused(new Order())[0]).toMatch(/^\/message\/touser /);
  });

  it('reports all its mistakes at once, up to 20', () => {
    const paths = refused({ kind: 'template', message: { touser: 'x', data: { a: 1 } }, id: '' });
    expect(paths.map((line) => line.split(' ')[0])).toEqual([
      '/appId',
      '/id',
      '/message/touser',
      '/message/template_id',
      '/message/data/a',
    ]);
    const data = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`thing${n}`, n]));
    expect(refusedTemplate({ data })).toHaveLength(20);
    expect(validateMessage('template', { ...TEMPLATE, data })).toHaveLength(20);
  });

  it('suggests the known name of a misspelt field', () => {
    const [issue] = refused({ ...ENVELOPE, expires_at: NOW + 1 });
    expect(issue).toBe('/expires_at expected no field "expires_at": did you mean "expiresAt"?');
    expect(refused({ ...ENVELOPE, colour: 1 })[0]).toContain('known are appId, kind, message');
  });

  it('never repeats more than 40 characters of what it was given', () => {
    const long = 'A'.repeat(100);
    const wrong = { ...ENVELOPE, appId: `!${long}`, id: long + long, priority: long, [long]: long };
    for (const issue of refused(wrong)) expect(issue).not.toContain('A'.repeat(41));
  });

  it('is harmless with __proto__ in it, and refused', () => {
    const text = JSON.stringify({ ...ENVELOPE, message: { ...TEMPLATE, extra: 1 } });
    const inEnvelope: unknown = JSON.parse(text.replace('{', '{"__proto__":{"id":"x"},'));
    const inMessage: unknown = JSON.parse(text.replace('"extra":1', '"__proto__":{"extra":1}'));
    expect(refused(inEnvelope)[0]).toMatch(/^\/__proto__ /);
    expect(refused(inMessage)[0]).toMatch(/^\/message\/__proto__ /);
    expect(Object.hasOwn(Object.prototype, 'extra')).toBe(false);
  });
});

describe('a template message', () => {
  it('may have fields that only WeChat knows', () => {
    const message = {
      ...TEMPLATE,
      topcolor: '#FF0000',
      data: { first: { value: '', color: '#173177' } },
    };
    expect(accepted({ ...ENVELOPE, message }).message).toBe(message);
  });

  it.each([
    ['no touser', { touser: undefined }, '/message/touser'],
    ['a phone number as touser', { touser: '13800138000' }, '/message/touser'],
    ['a template_id with a space', { template_id: ' '.repeat(43) }, '/message/template_id'],
    ['a url that is no string', { url: 1 }, '/message/url'],
    ['a miniprogram without appid', { miniprogram: {} }, '/message/miniprogram/appid'],
    ['no data', { data: undefined }, '/message/data'],
    ['data without variables', { data: {} }, '/message/data'],
    ['data as a list', { data: [{ value: 'x' }] }, '/message/data'],
    ['a bare string as value', { data: { thing1: 'x' } }, '/message/data/thing1'],
    ['a number as value', { data: { thing1: { value: 1 } } }, '/message/data/thing1/value'],
    ['our client_msg_id', { client_msg_id: 'x' }, '/message/client_msg_id'],
  ])('is refused with %s', (_, change, path) => {
    const issues = refusedTemplate(change);
    expect(issues).toHaveLength(1);
    expect(issues[0]).toMatch(new RegExp(`^${path} expected .+, got .+`));
  });

  it('may have line breaks in the values of old templates only', () => {
    const data = { first: { value: 'a\nb' }, keyword1: { value: 'a\nb' }, remark: { value: '\n' } };
    accepted({ ...ENVELOPE, message: { ...TEMPLATE, data } });
    expect(refusedTemplate({ data: { thing1: { value: 'a\nb' } } })[0]).toMatch(
      /^\/message\/data\/thing1\/value expected no control character U\+000a here/,
    );
    expect(refusedTemplate({ data: { first: { value: 'a\tb' } } })).toHaveLength(1);
    expect(refusedTemplate({ data: { first: { value: 'a', color: '\n' } } })).toHaveLength(1);
  });
});

const PAYLOADS: Record<string, { good: object; bad: readonly (readonly [object, string])[] }> = {
  text: {
    good: { content: '第一行\n<a href="https://shop.example">第二行</a>\t🎁' },
    bad: [
      [{}, '/content'],
      [{ content: '' }, '/content'],
      [{ content: '字'.repeat(683) }, '/content'],
      [{ content: 'a\u0000b' }, '/content'],
      [{ content: 'half \ud83d' }, '/content'],
    ],
  },
  image: { good: { media_id: 'MEDIA' }, bad: [[{ media_id: '' }, '/media_id']] },
  voice: { good: { media_id: 'MEDIA' }, bad: [[{ media_id: 7 }, '/media_id']] },
  video: {
    good: { media_id: 'MEDIA', thumb_media_id: 'THUMB', title: '标题', description: '一\n二' },
    bad: [[{ media_id: 'MEDIA' }, '/thumb_media_id']],
  },
  music: {
    good: { musicurl: 'https://a.example', hqmusicurl: 'https://a.example', thumb_media_id: 'T' },
    bad: [[{ musicurl: 'https://a.example', thumb_media_id: 'T' }, '/hqmusicurl']],
  },
  news: {
    good: { articles: [{ title: '标题', description: '描述', url: 'https://a.example' }] },
    bad: [
      [{ articles: [] }, '/articles'],
      [{ articles: [{ title: '一' }, { title: '二' }] }, '/articles'],
      [{ articles: [{ title: 1 }] }, '/articles/0/title'],
      [{ articles: {} }, '/articles'],
    ],
  },
  mpnews: { good: { media_id: 'MEDIA' }, bad: [[{}, '/media_id']] },
  mpnewsarticle: { good: { article_id: 'ARTICLE' }, bad: [[{}, '/article_id']] },
  msgmenu: {
    good: { head_content: '满意吗？\n', list: [{ id: '101', content: '满意' }] },
    bad: [
      [{ list: [] }, '/list'],
      [{ list: [{ id: 101, content: '满意' }] }, '/list/0/id'],
      [{ list: [{ id: '101' }] }, '/list/0/content'],
    ],
  },
  wxcard: { good: { card_id: 'CARD' }, bad: [[{ card_id: null }, '/card_id']] },
  miniprogrampage: {
    good: { title: '订单', appid: 'wxfedcba9876543210', pagepath: 'pages/a', thumb_media_id: 'T' },
    bad: [[{ title: '订单', appid: 'wx', pagepath: 'pages/a' }, '/thumb_media_id']],
  },
};

describe('a customer-service message', () => {
  it('is known in every documented msgtype', () => {
    expect([...MSGTYPES].sort()).toEqual(Object.keys(PAYLOADS).sort());
  });

  describe.each(Object.entries(PAYLOADS))('%s', (msgtype, { good, bad }) => {
    it('is accepted, with customservice and aimsgcontext passed through', () => {
      const customservice = { kf_account: 'test1@shop' };
      const extras = { customservice, aimsgcontext: { is_ai_msg: 1 } };
      const message = { touser: OPENID, msgtype, [msgtype]: good, ...extras };
      expect(accepted({ ...ENVELOPE, kind: 'custom', message }).message).toBe(message);
    });

    it.each(bad)('is refused with %j', (payload, path) => {
      const issues = refusedCustom({ touser: OPENID, msgtype, [msgtype]: payload });
      expect(issues).toHaveLength(1);
      expect(issues[0]).toMatch(new RegExp(`^/message/${msgtype}${path} expected .+, got .+`));
    });

    it('is refused without its payload, which the error names', () => {
      expect(refusedCustom({ touser: OPENID, msgtype })).toEqual([
        expect.stringMatching(new RegExp(`^/message/${msgtype} expected an object .+ nothing$`)),
      ]);
    });
  });

  it('is refused with an unknown msgtype, and told the known ones', () => {
    expect(refusedCustom({ ...TEXT, msgtype: 'txt' })[0]).toMatch(
      /^\/message\/msgtype expected one of text, image, .*did you mean "text"\?.*got "txt"/,
    );
    expect(refusedCustom({ ...TEXT, msgtype: 'link' })[0]).toContain('mini programs only');
    expect(refusedCustom({ touser: OPENID })[0]).toContain('got nothing');
  });

  it('may have a text of 2048 bytes and not one more', () => {
    const exactly = `${'字'.repeat(682)}aa`;
    accepted({ ...ENVELOPE, kind: 'custom', message: { ...TEXT, text: { content: exactly } } });
    const [issue] = refusedCustom({ ...TEXT, text: { content: `${exactly}a` } });
    expect(issue).toContain('at most 2048 bytes');
    expect(issue).toContain('got 2049 bytes');
  });
});

describe('any message', () => {
  it.each([
    ['who gets it', { touser: `${OPENID} ` }, 'a text of 29 characters'],
    ['what it says', { data: { thing1: { value: 'PLANTED\n' } } }, 'a text of 8 characters'],
    ['a number it says', { data: { phone_number1: { value: 13_800_138_000 } } }, 'a number'],
    ['where it leads', { url: 'PLANTED\u0000' }, 'a text of 8 characters'],
    ['its template', { template_id: 'T' }, '"T"'],
  ])('is refused without %s being repeated', (_, wrong, got) => {
    const [issue, ...more] = validateMessage('template', { ...TEMPLATE, ...wrong });
    expect(more).toEqual([]);
    expect(issue?.reason.endsWith(`got ${got}`)).toBe(true);
  });

  it.each([JSON.stringify(ENVELOPE), { ...ENVELOPE, message: JSON.stringify(TEMPLATE) }])(
    'as a text in the wrong place is not repeated either',
    (input) => {
      const result = validateEnvelope(input, NOW);
      expect(JSON.stringify(result)).toMatch(/got a text of \d+ characters/);
      expect(JSON.stringify(result)).not.toContain('touser');
    },
  );

  it('may be 32,768 bytes of JSON and not one more', () => {
    const filler = (bytes: number) => {
      const empty = Buffer.byteLength(JSON.stringify({ ...TEMPLATE, extra: '' }));
      return { ...TEMPLATE, extra: 'x'.repeat(bytes - empty) };
    };
    expect(validateMessage('template', filler(32_768))).toEqual([]);
    expect(validateMessage('template', filler(32_769))).toEqual([
      { path: '', reason: 'expected at most 32768 bytes of JSON, got 32769 bytes' },
    ]);
  });

  it.each([
    ['a date', new Date(0)],
    ['a number that JSON has no form for', Number.NaN],
    ['a bigint', 1n],
    ['a function', () => 1],
  ])('is refused with %s in it', (_, extra) => {
    expect(refusedTemplate({ extra })[0]).toMatch(
      /^\/message\/extra expected a (plain )?JSON value/,
    );
  });

  it('is refused when it contains itself', () => {
    const extra: Record<string, unknown> = {};
    extra['again'] = extra;
    expect(refusedTemplate({ extra })[0]).toContain('levels of nesting');
  });

  it('never passes with half a surrogate pair or a control character, wherever it is', () => {
    const bad = fc.constantFrom('\ud800', 'x\udfff', '\udc00\ud800', '\u0000', 'a\u007f', '\u0085');
    const place = fc.array(fc.constantFrom('a', 'value', 'list', '0'), { maxLength: 6 });
    fc.assert(
      fc.property(bad, place, fc.boolean(), (text, way, inKey) => {
        const leaf: unknown = inKey ? { [text]: 'x' } : text;
        const extra = way.reduceRight((inner: unknown, step) => ({ [step]: [inner] }), leaf);
        expect(validateMessage('template', { ...TEMPLATE, extra })).toHaveLength(1);
      }),
    );
  });

  it('with arbitrary JSON in it gets an answer, never an exception', () => {
    const kind = fc.constantFrom(...KINDS, 'other');
    fc.assert(
      fc.property(fc.jsonValue(), kind, (json, name) => {
        const inputs: unknown[] = [
          json,
          { ...ENVELOPE, kind: name, message: json },
          { ...ENVELOPE, kind: name, id: json, sendAt: json, onAmbiguous: json },
          { ...ENVELOPE, message: { ...TEMPLATE, touser: json, miniprogram: json, data: json } },
          { ...ENVELOPE, kind: 'custom', message: { ...TEXT, msgtype: json, text: json } },
          { ...ENVELOPE, kind: 'custom', message: { ...TEXT, text: json } },
        ];
        for (const input of inputs) expect(refused(input).length).toBeGreaterThan(0);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the content hash', () => {
  it('has 16 URL-safe characters, and stays what it is', () => {
    expect(contentHash('template', TEMPLATE)).toMatch(/^[0-9A-Za-z_-]{16}$/);
    expect(contentHash('custom', TEXT)).toBe('BdN0L8fLf9eH3LmR');
  });

  it('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (message) => {
        expect(contentHash('custom', reversed(message))).toBe(contentHash('custom', message));
      }),
    );
  });

  it('differs by kind, by value and by the order of a list', () => {
    const hashes = [
      contentHash('custom', TEXT),
      contentHash('template', TEXT),
      contentHash('custom', { ...TEXT, text: { content: '你好' } }),
      contentHash('custom', { ...TEXT, list: [1, 2] }),
      contentHash('custom', { ...TEXT, list: [2, 1] }),
      contentHash('custom', { ...TEXT, list: ['1', '2'] }),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});

function reversed<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(reversed) as T;
  const members = Object.entries(value).toReversed();
  return Object.fromEntries(members.map(([key, inner]) => [key, reversed(inner)])) as T;
}

describe('the schemas', () => {
  it('can be described as JSON Schema', () => {
    const options = { io: 'input' } as const;
    expect(z.toJSONSchema(envelopeSchema, options)).toMatchObject({
      required: ['appId', 'kind', 'message'],
    });
    expect(z.toJSONSchema(messageSchema('template'), options)).toMatchObject({ type: 'object' });
    const custom = z.toJSONSchema(messageSchema('custom'), options);
    expect(custom.oneOf ?? custom.anyOf).toHaveLength(MSGTYPES.length);
  });
});

describe('a file of 20 wrong envelopes', () => {
  const lines = readFileSync('examples/wrong-envelopes.jsonl', 'utf8').trimEnd().split('\n');
  const expected = [
    ['/appId', 'the appId of an account'],
    ['/kind', '"template" or "custom"'],
    ['/message', 'request body'],
    ['/sendat', 'did you mean "sendAt"?'],
    ['/id', '1 to 128 printable ASCII characters'],
    ['/priority', '"high", "normal" or "low"'],
    ['/sendAt', 'ISO 8601 with an offset'],
    ['/sendAt', 'epoch milliseconds'],
    ['/expiresAt', 'after sendAt'],
    ['/onAmbiguous', 'only "custom" has it'],
    ['/message/touser', 'an openid'],
    ['/message/template_id', 'the id of a template'],
    ['/message/data', 'at least one variable'],
    ['/message/data/amount2/value', 'a string'],
    ['/message/client_msg_id', 'the courier sets it'],
    ['/message/data/thing1/value', 'no control character U+000a'],
    ['/message/text/content', 'half of a surrogate pair'],
    ['/message/news/articles', 'exactly one article'],
    ['/message/image', '{"media_id": "…"}'],
    ['/message/msgtype', 'mini programs only'],
  ] as const;

  it('gets 20 errors that a person can act on', () => {
    expect(lines).toHaveLength(20);
    for (const [index, line] of lines.entries()) {
      const result = validateEnvelope(JSON.parse(line), NOW);
      const issues = result.ok ? [] : result.issues;
      const [path, hint] = expected[index] ?? [];
      expect(issues.map((issue) => issue.path)).toEqual([path]);
      expect(issues[0]?.reason).toContain(hint);
      expect(issues[0]?.reason).toMatch(/^expected .+(, got .+|: did you mean .+)$/);
      expect(issues[0]?.reason.length).toBeLessThan(220);
    }
  });
});
