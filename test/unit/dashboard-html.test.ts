import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { html } from '../../src/dashboard/html.ts';
import { maskedJob, nameOf } from '../../src/dashboard/masked-job.ts';

describe('html', () => {
  it('shows any text as the text it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const { html: markup } = html`<p title="${text}">${text}</p>`;
        expect(markup).toBe(`<p title="${escape(text)}">${escape(text)}</p>`);
        expect(markup.slice(10, -4).replace('">', '')).not.toMatch(/[<>"']/);
      }),
    );
  });

  it('takes markup, lists, numbers and nothing', () => {
    const items = ['a', '<b>'].map((one) => html`<i>${one}</i>`);
    expect(html`${items}${0}${null}${false}${undefined}`.html).toBe('<i>a</i><i>&lt;b&gt;</i>0');
  });

  it('takes nothing for markup that came as JSON, whatever its form', () => {
    const planted = JSON.parse('{"html":"<b>","#text":"<b>"}') as string;
    const shown =
      '{&quot;html&quot;:&quot;&lt;b&gt;&quot;,&quot;#text&quot;:&quot;&lt;b&gt;&quot;}';
    expect(html`<p>${planted}</p>`.html).toBe(`<p>${shown}</p>`);
    expect(html`${[planted]}`.html).toBe(shown);
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(html`${value as string}`.html).not.toMatch(/[<>"']/);
      }),
    );
  });
});

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

const TEMPLATE = {
  message: {
    touser: 'oABCDEFGHIJKLMNOPQRSTUVWXYZ0',
    template_id: 'ngqIpbwh8bUfcSsECmogfXcV',
    url: 'https://shop.example/orders/1001',
    data: { thing1: { value: '巧克力', color: '#000' }, list: ['x', { y: 'z' }] },
  },
  id: 'order-1001-paid',
};

describe('masked job data', () => {
  it('keeps what a message is, shortens its recipient, and leaves out what it says', () => {
    const masked = {
      message: {
        touser: 'oABCD…XYZ0',
        template_id: 'ngqIpbwh8bUfcSsECmogfXcV',
        url: '***',
        data: { thing1: { value: '***', color: '***' }, list: ['***', { y: '***' }] },
      },
      id: 'order-1001-paid',
    };
    expect(maskedJob(TEMPLATE)).toEqual(masked);
    const detail = 'invalid touser oABCDEFGHIJKLMNOPQRSTUVWXYZ0';
    expect(maskedJob({ reason: 'expired', detail, job: TEMPLATE })).toEqual({
      reason: 'expired',
      detail: 'invalid touser oABCD…XYZ0',
      job: masked,
    });
  });

  it.each([
    [null],
    ['text'],
    [[TEMPLATE]],
    [{ message: 'text' }],
    [{ job: 'text' }],
    [{ job: null }],
  ])('of %j shows nothing it does not know', (data) => {
    expect(JSON.stringify(maskedJob(data))).not.toMatch(/text|oABCDEF/);
  });

  it('is named so that a person recognises it', () => {
    expect(nameOf({ data: TEMPLATE })).toBe('ngqIpbwh · order-1001-paid · oABCD…XYZ0');
    expect(nameOf({ data: { job: TEMPLATE } })).toBe('ngqIpbwh · order-1001-paid · oABCD…XYZ0');
    const glued = { ...TEMPLATE, id: 'paid-oAbCdEfGhIjKlMnOpQrStUvWxYz1' };
    expect(nameOf({ data: glued })).toBe('ngqIpbwh · paid-oAbCd…xYz1 · oABCD…XYZ0');
    expect(maskedJob(glued)).toMatchObject({ id: 'paid-oAbCd…xYz1' });
    expect(nameOf({ data: { message: { msgtype: 'text' } } })).toBe('text');
    expect(nameOf(null)).toBe('job');
  });
});
