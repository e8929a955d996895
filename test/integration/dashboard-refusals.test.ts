import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Shop, useCourier } from '../helpers/courier.ts';
import {
  OPERATOR,
  type PageOptions,
  startDashboard,
  type TestDashboard,
  VIEWER,
} from '../helpers/dashboard.ts';

const courier = useCourier({ closeAfter: 'file' });
const CHINESE = { 'accept-language': 'zh-CN,zh;q=0.9' };
const NAVIGATION = 'href="/dead-letters"';
let shop: Shop;
let dashboard: TestDashboard;

beforeAll(async () => {
  shop = await courier.open({ workers: 0 });
  dashboard = await startDashboard(shop);
});
afterAll(() => dashboard.stop());

const nobodys = () => `${shop.appId}.${'0'.repeat(26)}`;
type Case = readonly [number, string, string, () => PageOptions, string, string];
const REFUSALS: readonly Case[] = [
  [404, 'GET', '/nowhere', () => ({}), 'There is no such page.', '没有这个页面。'],
  [404, 'GET', '/accounts/wxOfNobody', () => ({}), 'There is no such account', '没有这个公众号'],
  [
    403,
    'POST',
    '/accounts/APP/pause',
    () => ({ as: VIEWER }),
    'Expected an operator',
    '需要 operator',
  ],
  [
    403,
    'POST',
    '/accounts/APP/pause',
    () => ({ headers: { origin: 'https://evil.example' } }),
    'a request from elsewhere',
    '来自别处的请求',
  ],
  [
    400,
    'POST',
    '/accounts/APP/rate',
    () => ({ form: { kind: 'custom', perSecond: 'many' } }),
    'above 0 and at most',
    '大于 0，且不超过',
  ],
  [
    409,
    'POST',
    '/unknown',
    () => ({ form: { as: 'sent', messageId: nobodys() } }),
    'None of these is unknown any more',
    '结果都已不再未知',
  ],
  [
    413,
    'POST',
    '/unknown',
    () => ({ form: { messageId: 'x'.repeat(70_000) } }),
    'at most 64 KB',
    '不超过 64 KB',
  ],
];

test.each(REFUSALS)(
  '%i of %s %s has the navigation and is said in the reader’s language',
  async (status, method, path, options, english, chinese) => {
    const there = path.replace('APP', shop.appId);
    const given = options();
    const en = await dashboard.open(method, there, given);
    expect([en.status, en.text]).toEqual([status, expect.stringContaining(english)]);
    expect(en.text).toContain(NAVIGATION);
    expect(en.text).toContain('role="alert"');
    const inChinese = { ...given, headers: { ...given.headers, ...CHINESE } };
    const zh = await dashboard.open(method, there, inChinese);
    expect([zh.status, zh.text]).toEqual([status, expect.stringContaining(chinese)]);
    expect(zh.text).toContain('死信</a>');
  },
);

test('a program is told in English, whatever language it asks for', async () => {
  const headers = { accept: 'application/json', ...CHINESE };
  const { text } = await dashboard.open('GET', '/nowhere', { headers });
  expect(text).toBe('{"error":"There is no such page."}');
});

test('what Bull Board is refused is said in the reader’s language', async () => {
  const there = '/board/api/queues/dead-letter/obliterate';
  const { status, text } = await dashboard.open('PUT', there, { headers: CHINESE });
  expect([status, text]).toEqual([403, expect.stringContaining('此处只能重试、暂停或恢复')]);
});

test('whoever mistypes is told so beside the form, and how long to wait after five times', async () => {
  const [name = ''] = OPERATOR.split(':');
  const tryIn = async (headers: Readonly<Record<string, string>> = {}) => {
    const form = { name, password: 'not-the-password' };
    return await dashboard.open('POST', '/login', { as: null, form, headers });
  };
  const english = await tryIn();
  expect(english.status).toBe(401);
  expect(english.text).toMatch(/role="alert">Wrong name or password\.</);
  expect((await tryIn(CHINESE)).text).toContain('用户名或密码错误。');
  for (let n = 3; n <= 5; n += 1) expect((await tryIn()).status).toBe(401);
  const locked = await tryIn();
  expect(locked.status).toBe(429);
  expect(locked.text).toMatch(/Too many wrong passwords\. Try again in (?:30|29|28|27) s</);
  expect(locked.text).toContain('name="password"');
  expect((await tryIn(CHINESE)).text).toMatch(/请在以下时间之后再试： \d\d s</);
});
