import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyText } from '../helpers/any-text.ts';
import { withoutValue } from '../../src/shared/logger.ts';
import { parseReply, splitErrmsg } from '../../src/worker/decide/reply.ts';
import { classify } from '../../src/worker/decide/verdict.ts';

const OK = '{"errcode":0,"errmsg":"ok","msgid":4012345678901234567}';

describe('an answer of WeChat', () => {
  test('keeps a msgid beyond 2^53 digit by digit', () => {
    expect(parseReply(200, OK)).toEqual({
      kind: 'reply',
      errcode: 0,
      errmsg: 'ok',
      msgid: '4012345678901234567',
    });
  });

  test.each([
    ['quoted', '{"errcode":0,"msgid":"4012345678901234567"}', '4012345678901234567'],
    ['spaced', '{ "msgid" :\n 9007199254740993 , "errcode" : 0 }', '9007199254740993'],
    ['absent', '{"errcode":0,"errmsg":"ok"}', undefined],
    ['zero, which is none', '{"errcode":0,"msgid":0}', undefined],
    ['negative, which is none', '{"errcode":0,"msgid":-5}', undefined],
    ['of letters, which is none', '{"errcode":0,"msgid":"abc"}', undefined],
    ['null', '{"errcode":0,"msgid":null}', undefined],
  ])('a msgid that is %s', (_how, body, msgid) => {
    const result = parseReply(200, body);
    expect(result).toMatchObject({ kind: 'reply', errcode: 0 });
    expect(result.kind === 'reply' && result.msgid).toBe(msgid);
  });

  test.each([
    ['as digits in a string', '{"errcode":"40003"}', 40_003],
    ['as a negative string', '{"errcode":"-1"}', -1],
    ['as zero in a string', '{"errcode":"0"}', 0],
    ['negative', '{"errcode":-1,"errmsg":"system error"}', -1],
    ['twice: the last one counts', '{"errcode":0,"errcode":40003}', 40_003],
  ])('an errcode %s', (_how, body, errcode) => {
    expect(parseReply(200, body)).toMatchObject({ kind: 'reply', errcode });
  });

  test('raw control characters inside a text do not spoil it', () => {
    const body = '{"errcode":40003,"errmsg":"invalid\u0000 \u0001openid\n\trid: 5f0a1b2c-1-2"}';
    expect(parseReply(200, body)).toMatchObject({ kind: 'reply', errcode: 40_003 });
  });

  test('is known by its content, not by its HTTP status, when it refuses', () => {
    expect(parseReply(502, '{"errcode":40003,"errmsg":"invalid openid"}')).toMatchObject({
      kind: 'reply',
      errcode: 40_003,
    });
    expect(parseReply(403, '{"errcode":45009,"errmsg":"limit"}')).toMatchObject({
      kind: 'reply',
      errcode: 45_009,
    });
  });
});

describe('what is not a usable answer is never success', () => {
  test.each([
    ['an HTML page', 200, '<html><body>502 Bad Gateway</body></html>'],
    ['nothing', 200, ''],
    ['only whitespace', 200, ' \r\n'],
    ['JSON cut short', 200, OK.slice(0, 20)],
    ['an array', 200, '[{"errcode":0}]'],
    ['a string', 200, '"ok"'],
    ['a number', 200, '0'],
    ['null', 200, 'null'],
    ['an object without errcode', 200, '{"msgid":123}'],
    ['an errcode of null', 200, '{"errcode":null}'],
    ['an errcode of false', 200, '{"errcode":false}'],
    ['an empty errcode', 200, '{"errcode":""}'],
    ['an errcode as an array', 200, '{"errcode":[0]}'],
    ['an errcode with a fraction', 200, '{"errcode":0.5}'],
    ['an errcode beyond all numbers', 200, '{"errcode":1e400}'],
    ['an errcode hidden deeper', 200, '{"result":{"errcode":0}}'],
    ['an answer followed by another', 200, `${OK}{"errcode":0}`],
    ['a hundred thousand characters', 200, 'x'.repeat(100_000)],
    ['a bad gateway that claims success', 502, OK],
    ['a gateway timeout page', 504, '<html></html>'],
    ['an internal error without a body', 500, ''],
  ])('%s is uncertain', (_what, status, body) => {
    expect(parseReply(status, body).kind).toBe('uncertain');
    expect(classify(parseReply(status, body)).class).toBe('ambiguous');
  });

  test.each([
    ['a redirect', 302, ''],
    ['a redirect that claims success', 302, OK],
    ['a proxy that forbids', 403, '<html>Forbidden</html>'],
    ['a 404 that claims success', 404, OK],
  ])('%s is refused-http', (_what, status, body) => {
    expect(classify(parseReply(status, body)).class).toBe('refused-http');
  });
});

test('a text that quotes our request is kept without the token', () => {
  const token = 'CANARY_token-0123456789';
  const body = JSON.stringify({ errcode: 47001, errmsg: `bad ${token} rid: ${token}` });
  const reply = parseReply(200, body, (text) => withoutValue(text, token));
  expect(JSON.stringify(reply)).not.toContain('CANARY');
  expect(reply).toMatchObject({ kind: 'reply', errcode: 47001 });
});

test('too many requests, from a proxy too, is a limit for the whole lane', () => {
  expect(classify(parseReply(429, '')).class).toBe('rate-minute');
});

test('a proxy that gave up waiting may have passed the request on', () => {
  expect(classify(parseReply(408, '')).class).toBe('ambiguous');
});

test('no text makes it throw, and only a parsed errcode 0 with a 2xx is ok', () => {
  const body = fc.oneof(
    anyText(400),
    fc.json(),
    fc.jsonValue().map((value) => JSON.stringify({ errcode: value, errmsg: 'x', msgid: value })),
    fc.tuple(fc.nat(OK.length), fc.string({ maxLength: 3 })).map(([at, text]) => {
      return OK.slice(0, at) + text + OK.slice(at + 1);
    }),
    fc.nat(OK.length).map((at) => OK.slice(0, at)),
  );
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 599 }), body, (status, text) => {
      const verdict = classify(parseReply(status, text));
      if (verdict.class !== 'ok') return;
      expect(status).toBeGreaterThanOrEqual(200);
      expect(status).toBeLessThan(300);
      const quoted = text.replace(/("msgid"\s*:\s*)(\d+)/g, '$1"$2"');
      expect(Number((JSON.parse(quoted) as { errcode: unknown }).errcode)).toBe(0);
    }),
    { numRuns: 5_000 },
  );
});

describe('the request id', () => {
  test.each([
    [
      'invalid openid rid: 5f0a1b2c-0a1b2c3d-4e5f6a7b',
      'invalid openid',
      '5f0a1b2c-0a1b2c3d-4e5f6a7b',
    ],
    ['invalid openid, rid: 5f0a1b2c-1-2', 'invalid openid', '5f0a1b2c-1-2'],
    ['invalid credential hint: [Ab12cd]', 'invalid credential', 'Ab12cd'],
    ['hints: [ req_id: abc ] x', '', 'req_id'],
    ['ok', 'ok', undefined],
    ['argument invalid! grid invalid', 'argument invalid! grid invalid', undefined],
    ['', '', undefined],
  ])('of %j', (errmsg, text, rid) => {
    expect(splitErrmsg(errmsg)).toEqual({ text, ...(rid !== undefined && { rid }) });
  });

  test('is looked for in time that grows with the text, however odd the text', () => {
    // 64 KB is the most the worker reads; a text that takes seconds costs every lane its locks.
    for (const filler of [' ', '\t', ', ', ' ,', 'rid ', 'hint']) {
      const began = performance.now();
      splitErrmsg(`${filler.repeat(2_000)}x`);
      expect(performance.now() - began).toBeLessThan(250);
    }
  });

  test('texts are cut to what a person reads', () => {
    expect(splitErrmsg('x'.repeat(60_000)).text.length).toBeLessThanOrEqual(300);
  });
});
