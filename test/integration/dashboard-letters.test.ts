import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDeadLetters } from '../../src/shared/dead-letter.ts';
import type { RepairAction } from '../../src/dashboard/repairs.ts';
import { type Shop, useCourier } from '../helpers/courier.ts';
import { startDashboard, type TestDashboard } from '../helpers/dashboard.ts';
import { waitFor } from '../helpers/wait-for.ts';

const courier = useCourier({ closeAfter: 'file' });
const OPENID = 'oPLANTED-OPENID-letters-0001';
const TIMES_AS_LISTED = /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d – \d{4}-\d\d-\d\d \d\d:\d\d:\d\d/;

let shop: Shop;
let dashboard: TestDashboard;

beforeAll(async () => {
  shop = await courier.open({ env: {} });
  dashboard = await startDashboard(shop);
});
afterAll(() => dashboard.stop());

const page = async (path: string, headers = {}) =>
  (await dashboard.open('GET', path, { headers })).text;
const post = (action: RepairAction, form: Readonly<Record<string, string>>) =>
  dashboard.open('POST', `/dead-letters/${action}`, { form });
const letterOf = (messageId: string) => shop.producer.deadLetters.show(messageId);

/** Messages that WeChat refuses with a code of this test's own. */
async function letters(errcode: number, ids: readonly string[], times = 1): Promise<string[]> {
  const reply = { kind: 'errcode', errcode };
  shop.fault('template', { accept: false, reply, count: times * ids.length });
  const sent = await Promise.all(ids.map((id) => shop.producer.enqueue(shop.template({ id }))));
  const messageIds = sent.map(({ messageId }) => messageId);
  for (const messageId of messageIds) {
    await shop.reached(messageId, 'dead');
    await waitFor(async () => (await letterOf(messageId)) !== null);
  }
  return messageIds;
}

/** What a question sends when it is confirmed. */
function answerOf(text: string): Record<string, string> {
  const form = /<form method="post" action="\/dead-letters[^]*?<\/form>/.exec(text)?.[0] ?? '';
  const inputs = form.matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g);
  return Object.fromEntries([...inputs].map(([, name = '', value = '']) => [name, value]));
}

async function finished(response: { readonly headers: Headers }): Promise<string> {
  const repair = response.headers.get('location') ?? '';
  expect(repair).toMatch(/^\/repairs\//);
  await waitFor(async () => (await page(repair)).includes('finished'));
  return repair;
}

describe('a filtered set', () => {
  test('is asked about with its number, and nothing happens until that is answered', async () => {
    const ids = await letters(40_037, ['asked-1', 'asked-2']);
    for (const [action, title] of [
      ['redrive', 'Send these again?'],
      ['purge', 'Delete for good?'],
    ] as const) {
      const { status, text } = await post(action, { errcode: '40037' });
      expect(status).toBe(200);
      expect(text).toContain(title);
      expect(text).toMatch(/these \(2\)<\/button>/);
      expect(text).toMatch(TIMES_AS_LISTED);
      expect(answerOf(text)).toMatchObject({ errcode: '40037', confirmed: 'yes' });
    }
    const left = await shop.producer.deadLetters.list({ errcode: 40_037 });
    expect(new Set(left.map(({ messageId }) => messageId))).toEqual(new Set(ids));
    expect(left.map(({ redrives }) => redrives)).toEqual([0, 0]);
  });

  test('that is empty is not asked about', async () => {
    const { text } = await post('purge', { errcode: '1' });
    expect(text).toContain('Nothing here.');
    expect(text).not.toContain('confirmed');
  });

  test('does not grow after the question: what dies later is left alone', async () => {
    const [early = ''] = await letters(43_004, ['early'], 2);
    const { text } = await post('redrive', { errcode: '43004' });
    const [late = ''] = await letters(43_004, ['late']);
    await finished(await post('redrive', answerOf(text)));
    await waitFor(async () => (await letterOf(early))?.redrives === 1);
    expect(await letterOf(late)).toMatchObject({ redrives: 0 });
    await finished(await post('purge', answerOf(text)));
    expect(await letterOf(late)).not.toBeNull();
    expect(await letterOf(early)).not.toBeNull();
  });

  test('is followed after it was put back: what was sent, and what died again', async () => {
    await letters(47_003, ['again-1', 'again-2', 'again-3']);
    shop.fault('template', {
      accept: false,
      reply: { kind: 'errcode', errcode: 47_003 },
      count: 1,
    });
    const repair = await finished(await post('redrive', { errcode: '47003', confirmed: 'yes' }));
    await waitFor(async () => (await page(repair)).includes('still waiting: 0'));
    const text = await page(repair);
    expect(text).toMatch(/redrives asked for<\/dt>\s*<dd>3</);
    expect(text).toMatch(/class="good">sent: 2</);
    expect(text).toMatch(/class="bad"[^>]*>dead again: 1</);
    expect(text).not.toContain('http-equiv="refresh"');
  });
});

/** A message of which nobody knows whether the customer got it, given up after a day. */
async function ambiguous(id: string): Promise<string> {
  shop.fault('custom', { accept: true, reply: { kind: 'reset' }, count: 1 });
  const { messageId } = await shop.producer.enqueue({ ...shop.custom(), id });
  await shop.reached(messageId, 'unknown');
  const aDayAgo = Date.now() - 25 * 3_600_000;
  await shop.redis.zadd(shop.keys.unknown, aDayAgo, messageId.slice(-26));
  await waitFor(async () => (await letterOf(messageId)) !== null, { timeoutMs: 90_000 });
  return messageId;
}

describe('what a customer may have got already', () => {
  test('is left out of a set, unless its reason is what is asked for, and asked about alone', async () => {
    const doubtful = await ambiguous('doubtful-1');
    const [plain = ''] = await letters(40_008, ['plain-1']);
    const { text } = await post('redrive', { since: '1h' });
    expect(text).toMatch(/left out<\/dt>\s*<dd>\s*1 /);
    expect(text).toContain('Customers may have got those');
    const repair = await finished(await post('redrive', answerOf(text)));
    await shop.reached(plain, 'sent');
    expect(await page(repair)).toMatch(/left out<\/dt>\s*<dd>1 /);
    expect(await letterOf(doubtful)).toMatchObject({ redrives: 0 });

    const alone = await post('redrive', { messageId: doubtful });
    expect(alone.text).toContain('Send this again?');
    expect(alone.text).toContain('gets it twice');
    const named = await post('redrive', { reason: 'ambiguous' });
    expect(named.text).toMatch(/these \(1\)<\/button>/);
    expect(named.text).toContain('gets it twice');
    expect(shop.taken('custom')).toHaveLength(1);
    await finished(await post('redrive', answerOf(named.text)));
    await shop.reached(doubtful, 'sent');
    expect(shop.taken('custom')).toHaveLength(2);
  }, 120_000);
});

test('a set whose redrive nobody carries out is not said to have died again, and says why', async () => {
  const ids = await letters(40_009, ['stands-1', 'stands-2']);
  const queue = '/board/api/queues/dead-letter';
  await dashboard.open('PUT', `${queue}/pause`);
  const repair = await finished(await post('redrive', { errcode: '40009', confirmed: 'yes' }));
  const text = await page(repair);
  expect(text).toContain('not put back yet: 2');
  expect(text).not.toContain('dead again');
  expect(text).toContain('paused in Bull Board');
  expect(text).toContain('http-equiv="refresh"');
  await dashboard.open('PUT', `${queue}/resume`);
  for (const id of ids) await shop.reached(id, 'sent');
  await waitFor(async () => (await page(repair)).includes('sent: 2<'), { timeoutMs: 10_000 });
});

test('jobs that are no letters are not listed, and no page fails of them', async () => {
  const [good = ''] = await letters(40_010, ['well-formed']);
  const letter = await letterOf(good);
  const queue = openDeadLetters(shop.redis, () => undefined);
  const broken = {
    deadAt: undefined,
    id: 7,
    kind: { html: '<b>' },
    errcode: '1',
    attempts: [1],
  };
  const contentless = `${shop.appId}.${'b'.repeat(26)}`;
  const garbage = { ...letter, messageId: contentless, job: 'text' };
  await queue.add('garbage', garbage as never, { jobId: 'broken-job' });
  for (const [name, value] of Object.entries(broken)) {
    const messageId = `${shop.appId}.${'a'.repeat(26)}`;
    await queue.add(name, { ...letter, messageId, [name]: value } as never, {
      jobId: `broken-${name}`,
    });
  }
  await waitFor(
    async () =>
      (await queue.getJobs('failed')).filter(({ id }) => id?.startsWith('broken-')).length ===
      Object.keys(broken).length + 1,
  );
  await queue.close();
  const { status, text } = await dashboard.open('GET', '/dead-letters?errcode=40010');
  expect(status).toBe(200);
  expect(text).toContain(good);
  expect(text).not.toContain('a'.repeat(26));
  expect(text).toContain(contentless);
});

test('a link that says what was purged is not believed', async () => {
  const [alive = ''] = await letters(40_011, ['alive']);
  const notice = async (id: string) =>
    (await page(`/dead-letters?did=purge&messageId=${id}`)).includes('role="status"');
  expect(await notice(alive)).toBe(false);
  await post('purge', { messageId: alive, confirmed: 'yes' });
  expect(await notice(alive)).toBe(true);
});

test('of a redrive and a purge at the same moment one is done', async () => {
  const ids = await letters(
    40_012,
    Array.from({ length: 30 }, (_, index) => `race-${index}`),
  );
  const queue = '/board/api/queues/dead-letter';
  await dashboard.open('PUT', `${queue}/pause`);
  const { deadLetters } = shop.producer;
  const both = await Promise.all(
    ids.map((id) => Promise.all([deadLetters.redrive(id), deadLetters.purge(id)])),
  );
  expect(both.filter(([redriven, purged]) => redriven === purged)).toEqual([]);
  await dashboard.open('PUT', `${queue}/resume`);
  const redriven = ids.filter((_, place) => both[place]?.[0]);
  for (const id of redriven) await shop.reached(id, 'sent');
});

describe('one letter', () => {
  test('is purged within its filter, and the reader stays there', async () => {
    const [one = ''] = await letters(40_003, ['purged-alone', 'kept']);
    const list = await page('/dead-letters?errcode=40003');
    expect(list).toContain('kept');
    const { text } = await post('purge', { messageId: one, errcode: '40003' });
    expect(text).toContain('Delete for good?');
    expect(text).toContain('href="/dead-letters?errcode=40003"');
    const { headers } = await post('purge', answerOf(text));
    const back = headers.get('location') ?? '';
    expect(back).toContain('errcode=40003');
    expect(await page(back)).toContain('kept');
    expect(await page(back)).toContain(`Purged: <code>${one}</code>`);
    expect(await page(back)).not.toContain(`/message?q=${one}`);
  });

  test('is listed with the caller’s id, an openid in it masked', async () => {
    await letters(40_013, [`order-${OPENID}-paid`, 'order-7001']);
    const list = await page('/dead-letters?errcode=40013');
    expect(list).toContain('order-7001');
    expect(list).toContain('oPLAN…0001');
    expect(list).not.toContain(OPENID);
  });
});

describe('a filter that is not understood', () => {
  test.each([
    ['since', 'yesterday', 'en', 'since: expected a time in UTC as 2026-11-26T08:30'],
    ['errcode', '4x', 'en', 'errcode: expected a whole number as 40037, got &quot;4x&quot;'],
    ['errcode', '4x', 'zh-CN', 'errcode: 应为整数'],
    ['until', OPENID, 'zh-CN', 'until: 应为 UTC 时间'],
  ])(
    '%s=%s (%s) says what was expected, and keeps the form',
    async (name, value, language, said) => {
      const text = await page(`/dead-letters?template=T-kept&${name}=${value}`, {
        'accept-language': language,
      });
      expect(text).toContain(said);
      expect(text).toContain('value="T-kept"');
      expect(text).toMatch(new RegExp(`name="${name}"[^>]*value="(${value}|oPLAN…0001)"`));
      expect(text).not.toContain(OPENID);
    },
  );
});

describe('a question', () => {
  test('says what the code of the filter means, and what helps', async () => {
    await letters(45_047, ['pointless-1']);
    const { text } = await post('redrive', { errcode: '45047' });
    expect(text).toMatch(/errcode<\/dt>\s*<dd>45047 \w/);
    expect(text).toMatch(/what to do<\/dt>\s*<dd>\w/);
  });

  test('about one letter says what it is about', async () => {
    const [one = ''] = await letters(43_019, ['order-9001-paid']);
    const { text } = await post('purge', { messageId: one });
    for (const part of [one, 'order-9001-paid', 'template', 'oAnn-…ghij', 'Delete for good?']) {
      expect(text).toContain(part);
    }
  });
});
