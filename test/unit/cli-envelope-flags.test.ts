import { describe, expect, test } from 'vitest';
import { envelopeOf } from '../../src/cli/envelope-flags.ts';
import { parsePast } from '../../src/cli/moment.ts';
import { validateEnvelope } from '../../src/shared/message/envelope.ts';

const APP = 'wx0123456789abcdef';
const TO = 'oABCDEFGHIJKLMNOPQRSTUVWXYZ0';
const TEMPLATE = 'ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY';

describe('flags of send', () => {
  test('make a template message that the producer takes', () => {
    const flags = { app: APP, to: TO, template: TEMPLATE, data: '{"thing1":"巧克力"}', id: 'o-1' };
    const envelope = envelopeOf('template', flags);
    expect(envelope.message).toEqual({
      touser: TO,
      template_id: TEMPLATE,
      data: { thing1: { value: '巧克力' } },
    });
    expect(validateEnvelope(envelope, Date.now())).toMatchObject({ ok: true });
  });

  test('make a text, or take a whole body and add the recipient', () => {
    const text = envelopeOf('custom', { app: APP, to: TO, text: '您好' });
    expect(text.message).toEqual({ touser: TO, msgtype: 'text', text: { content: '您好' } });
    const message = '{"msgtype":"image","image":{"media_id":"m1"}}';
    const image = envelopeOf('custom', { app: APP, to: TO, message });
    expect(image.message).toMatchObject({ touser: TO, image: { media_id: 'm1' } });
  });

  test('say what is missing, and what would do', () => {
    expect(() => envelopeOf('custom', { app: APP, to: TO })).toThrow(/--text is missing/);
    expect(() => envelopeOf('template', { to: TO })).toThrow(/--app is missing.*--template/);
  });

  test('say where a JSON value is wrong', () => {
    const flags = { app: APP, to: TO, template: TEMPLATE };
    expect(() => envelopeOf('template', { ...flags, data: '{"a":}' })).toThrow(/--data.*column 6/);
    expect(() => envelopeOf('template', { ...flags, data: '[1]' })).toThrow(
      /expected a JSON object/,
    );
  });
});

describe('a time in the past', () => {
  test('is so long ago, or a moment', () => {
    expect(Date.now() - parsePast('2h')).toBeCloseTo(7_200_000, -3);
    expect(parsePast('2026-11-22T09:00:00+08:00')).toBe(Date.parse('2026-11-22T01:00:00Z'));
    expect(() => parsePast('yesterday')).toThrow(/Expected a time/);
  });
});
