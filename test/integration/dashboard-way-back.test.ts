import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Shop, useCourier } from '../helpers/courier.ts';
import { OPERATOR, startDashboard, type TestDashboard } from '../helpers/dashboard.ts';
import { waitFor } from '../helpers/wait-for.ts';

const courier = useCourier({ closeAfter: 'file' });
const OPENID = 'oWAYBACK-OPENID-0123456789ab';
const [name = '', password = ''] = OPERATOR.split(':');
let shop: Shop;
let dashboard: TestDashboard;

beforeAll(async () => {
  shop = await courier.open({ env: {} });
  dashboard = await startDashboard(shop);
});
afterAll(() => dashboard.stop());

const NEXT = /name="next" value="([^"]*)"/;
const nextOf = (text: string) => NEXT.exec(text)?.[1];
const logInTo = async (next: string, given = password) =>
  await dashboard.open('POST', '/login', { as: null, form: { name, password: given, next } });

describe('without a session', () => {
  test.each(['/unknown', '/dead-letters?errcode=40037', '/board/queue/dead-letter?status=failed'])(
    'the form leads back to %s, also after a wrong password',
    async (path) => {
      const asked = await dashboard.open('GET', path, { as: null });
      expect([asked.status, nextOf(asked.text)]).toEqual([401, path]);
      expect(asked.headers.get('content-security-policy')).toContain("form-action 'self'");
      expect(nextOf((await logInTo(path, 'not-the-password')).text)).toBe(path);
      const { status, headers } = await logInTo(path);
      expect([status, headers.get('location')]).toEqual([303, path]);
    },
  );

  test.each([
    '//evil.example',
    '/\\evil.example',
    'https://evil.example/',
    '/.//evil.example',
    '/\t/evil.example',
    '/logout',
  ])('nobody is led to %j', async (next) => {
    expect((await logInTo(next)).headers.get('location')).toBe('/');
    const there = `/language?next=${encodeURIComponent(next)}`;
    expect((await dashboard.open('GET', there)).headers.get('location')).toBe('/');
  });

  test('an openid in the address is not repeated', async () => {
    const { text } = await dashboard.open('GET', `/message?q=${OPENID}`, { as: null });
    expect(nextOf(text)).toBe('/message');
    expect(text).not.toContain(OPENID);
  });

  test('what cannot be asked for again leads to the overview', async () => {
    const { text } = await dashboard.open('POST', '/dead-letters/redrive', { as: null });
    expect(nextOf(text)).toBe('/');
  });
});

describe('a link from elsewhere, which the browser follows without the cookie,', () => {
  const path = '/dead-letters?errcode=40037';
  const onwards = `/login?next=${encodeURIComponent(path)}`;

  test.each(['cross-site', 'same-site'])('asks once more from here (%s)', async (site) => {
    const headers = { 'sec-fetch-site': site };
    const { status, text } = await dashboard.open('GET', path, { as: null, headers });
    expect([status, nextOf(text)]).toEqual([401, path]);
    expect(text).toContain(`<meta http-equiv="refresh" content="0; url=${onwards}" />`);
    const again = { 'sec-fetch-site': 'same-origin' };
    const own = await dashboard.open('GET', path, { as: null, headers: again });
    expect(own.text).not.toContain('http-equiv="refresh"');
  });

  test('leads whoever is logged in to the page, and others to the form', async () => {
    const login = await logInTo('/');
    const as = `cookie ${(login.headers.get('set-cookie') ?? '').split(';')[0]}`;
    const inside = await dashboard.open('GET', onwards, { as });
    expect([inside.status, inside.headers.get('location')]).toEqual([303, path]);
    const outside = await dashboard.open('GET', onwards, { as: null });
    expect([outside.status, nextOf(outside.text)]).toEqual([200, path]);
    expect(outside.text).not.toContain('http-equiv="refresh"');
    const evil = await dashboard.open('GET', '/login?next=//evil.example', { as });
    expect(evil.headers.get('location')).toBe('/');
  });
});

test('the other language is that of the page one was on', async () => {
  const path = '/dead-letters?errcode=40037';
  const { text } = await dashboard.open('GET', path);
  const link = `/language?next=${encodeURIComponent(path)}`;
  expect(text).toContain(`href="${link}"`);
  expect((await dashboard.open('GET', link)).headers.get('location')).toBe(path);
});

test.each([
  ['en', 'times are UTC'],
  ['zh', '时间均为 UTC'],
])('every page says which time it has (%s)', async (language, text) => {
  for (const path of ['/', '/dead-letters', '/unknown', '/message', `/accounts/${shop.appId}`]) {
    const page = await dashboard.open('GET', path, { headers: { 'accept-language': language } });
    expect([path, page.status, page.text]).toEqual([path, 200, expect.stringContaining(text)]);
  }
});

test('that a redrive was asked for is told after it was, and not by the link alone', async () => {
  shop.simulator.control('POST', '/_control/recipients', {
    appId: shop.appId,
    recipients: [{ openid: OPENID, answer: 40037 }],
  });
  const envelope = shop.template();
  const message = { ...envelope.message, touser: OPENID };
  const { messageId } = await shop.producer.enqueue({ ...envelope, message });
  const isLetter = async () => (await shop.producer.deadLetters.show(messageId)) !== null;
  await waitFor(isLetter);
  const there = `/message?did=redrive&q=${messageId}`;
  const news = async () => (await dashboard.open('GET', there)).text.includes('Asked for');
  expect(await news()).toBe(false);
  const queue = '/board/api/queues/dead-letter';
  await dashboard.open('PUT', `${queue}/pause`);
  const form = { messageId };
  const { headers } = await dashboard.open('POST', '/dead-letters/redrive', { form });
  expect(headers.get('location')).toBe(there);
  expect(await news()).toBe(true);
  await dashboard.open('PUT', `${queue}/resume`);
  await waitFor(async () => (await shop.producer.status(messageId))?.redrives === 1);
  await waitFor(isLetter);
  expect(await news()).toBe(false);
});
