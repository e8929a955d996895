import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  logIn,
  openBrowser,
  type PageOptions,
  type Person,
  PHONE,
  type TestBrowser,
  type WatchedPage,
} from '../helpers/browser.ts';
import { reached } from '../helpers/courier.ts';
import {
  MARKUP,
  MEMBERS,
  type Office,
  openidOf,
  openOffice,
  OPERATOR,
  ORDERS,
  perish,
  SHOP,
  template,
  VIEWER,
} from '../helpers/office.ts';

let office: Office;
let browser: TestBrowser;

beforeAll(async () => {
  [office, browser] = await Promise.all([openOffice(), openBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await office?.close();
});

test('a wrong password is told, the right one opens the overview, and leaving closes it', async () => {
  const { page, troubles } = await browser.visit(office.url);
  await logIn(page, { ...OPERATOR, password: 'not the password at all' });
  await expect.poll(() => page.getByRole('alert').textContent()).toMatch(/password/i);
  await logIn(page, OPERATOR);
  expect(await headingOf(page)).toBe('Overview');
  expect(await rowsWith(page, SHOP).count()).toBe(2);
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByRole('button', { name: 'Log in' }).waitFor();
  await page.goto('/dead-letters');
  expect(await page.getByRole('table').count()).toBe(0);
  expect(troubles).toEqual([]);
});

test('a message is found from the overview by its order’s number, the caller’s id, its recipient and WeChat’s msgid', async () => {
  const { page, troubles } = await enter(OPERATOR);
  const status = await office.producer.status(office.ids.sent);
  for (const text of [ORDERS.sent, office.openid, status?.wechatMsgId ?? 'no msgid']) {
    await page.goto('/');
    await find(page, text);
    expect(await headingOf(page)).toBe(`Message ${office.ids.sent}`);
  }
  await find(page, ORDERS.sent.replace('-paid', ''));
  expect(await page.getByText(ORDERS.sent).count()).toBe(1);
  await find(page, 'order-9999-paid');
  expect(await page.getByText('Nothing was found for order-9999-paid').count()).toBe(1);
  expect(await page.getByRole('textbox').inputValue()).toBe('order-9999-paid');
  expect(troubles).toEqual([]);
});

test('a page that reloads itself has no field to type in; the search is a click away, ready to type', async () => {
  const { page, troubles } = await enter(VIEWER);
  await page.getByRole('link', { name: 'reload every 30 s' }).click();
  await page.getByRole('link', { name: 'stop reloading' }).waitFor();
  expect(await page.locator('meta[http-equiv=refresh]').count()).toBe(1);
  expect(await page.locator('input').count()).toBe(0);
  await page.getByRole('link', { name: 'Find' }).click();
  await page.locator('input[name=q]:focus').waitFor();
  expect(await page.locator('meta[http-equiv=refresh]').count()).toBe(0);
  await page.keyboard.type(ORDERS.sent);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: `Message ${office.ids.sent}` }).waitFor();
  expect(troubles).toEqual([]);
});

test.each(['/dead-letters?errcode=43004', '/board/queue/dead-letter?status=failed'])(
  'whoever opens %s without a session is there after the login, and changing the language stays there',
  async (path) => {
    const { page, troubles } = await browser.visit(office.url);
    await page.goto(path);
    await page.locator('input[name=name]').fill(VIEWER.name);
    await page.locator('input[name=password]').fill(VIEWER.password);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('dead-letter').or(page.getByText('Dead letters')).first().waitFor();
    expect(page.url()).toBe(`${office.url}${path}`);
    await page.goto('/dead-letters?errcode=43004');
    await page.getByRole('link', { name: '中文' }).click();
    await page.getByRole('heading', { name: '死信' }).waitFor();
    expect(page.url()).toBe(`${office.url}/dead-letters?errcode=43004`);
    expect(troubles).toEqual([]);
  },
);

test('a link in a chat leads whoever is logged in to its page', async () => {
  const { page, troubles } = await enter(VIEWER);
  await page.goto('about:blank');
  await page.setContent(`<a href="${office.url}/dead-letters?errcode=43004">in a chat</a>`);
  const answered = page.waitForResponse((response) => response.url().includes('/dead-letters'));
  await page.getByRole('link').click();
  expect((await answered).status()).toBe(401);
  await page.getByRole('heading', { name: 'Dead letters' }).waitFor();
  expect(page.url()).toBe(`${office.url}/dead-letters?errcode=43004`);
  expect(troubles).toEqual([]);
});

test('a timeline says when a message was accepted, why it died and when it was put back', async () => {
  const { page, troubles } = await enter(OPERATOR);
  await find(page, ORDERS.refused);
  expect(await timelineOf(page)).toEqual([
    expect.stringMatching(/^[-\d]{10} [:\d]{8} accepted/),
    expect.stringMatching(/attempt 1 .*\d ms 43004 .*does not follow/),
    expect.stringMatching(/ended: dead/),
  ]);
  await page.getByRole('button', { name: 'Redrive' }).click();
  await page.waitForURL(/\/message\?did=redrive/);
  await reached(office.producer, office.ids.refused, ['sent']);
  await page.goto(messagePath(ORDERS.refused));
  expect(await timelineOf(page)).toEqual([
    expect.stringMatching(/accepted/),
    expect.stringMatching(/attempt 1 .*43004/),
    expect.stringMatching(/ended: dead permanent-recipient 43004/),
    expect.stringMatching(/put back by a person/),
    expect.stringMatching(/attempt 2 .*\d ms 0 /),
    expect.stringMatching(/ended: sent/),
  ]);
  expect(await page.getByRole('button', { name: 'Redrive' }).count()).toBe(0);
  expect(troubles).toEqual([]);
});

test('the dead letters of a filter are redriven, and their page moves on until all are done', async () => {
  const { page, troubles } = await enter(OPERATOR);
  await page.getByRole('link', { name: 'Dead letters', exact: true }).click();
  await page.getByLabel('errcode').fill('47003');
  await page.getByRole('button', { name: 'Filter' }).click();
  const letters = await rowsWith(page, '47003').getByRole('link').allTextContents();
  expect(letters).toHaveLength(3);
  await page.getByRole('button', { name: 'Redrive these' }).click();
  expect(await headingOf(page)).toBe('Send these again?');
  expect(await office.producer.deadLetters.list({ errcode: 47_003 })).toHaveLength(3);
  await page.getByRole('button', { name: 'Redrive these (3)' }).click();
  await page.getByText('finished', { exact: true }).waitFor();
  expect(await headingOf(page)).toBe('Repair: Redrive');
  expect(await page.locator('dt:text-is("redrives asked for") + dd').textContent()).toBe('3');
  for (const id of letters) await reached(office.producer, id, ['sent']);
  expect(await office.producer.status(office.ids.planted)).toMatchObject({ state: 'dead' });
  expect(troubles).toEqual([]);
});

test('purging asks first: going back keeps the letter, confirming forgets the message', async () => {
  const { page, troubles } = await enter(OPERATOR);
  const ask = async () => {
    await page.goto(messagePath(ORDERS.unwanted));
    await page.getByRole('button', { name: 'Purge' }).click();
    expect(await headingOf(page)).toMatch(/for good\?/);
  };
  await ask();
  await page.getByRole('link', { name: 'Back' }).click();
  expect(await rowsWith(page, ORDERS.unwanted).count()).toBe(1);
  await ask();
  await page.getByRole('button', { name: 'Purge' }).click();
  await page.getByRole('status').filter({ hasText: 'Purged' }).waitFor();
  expect(await rowsWith(page, ORDERS.unwanted).count()).toBe(0);
  expect(await office.producer.status(office.ids.unwanted)).toBeNull();
  expect(troubles).toEqual([]);
});

test('of unknown messages one is settled as arrived, and one is sent again', async () => {
  const { page, troubles } = await enter(OPERATOR);
  const say = async (fate: 'arrived' | 'lost', button: string) => {
    await page.getByRole('link', { name: 'Unknown', exact: true }).click();
    await rowsWith(page, ORDERS[fate]).getByRole('checkbox').check();
    await page.getByRole('button', { name: button }).click();
    expect(await headingOf(page)).toBe(`${button}: 1`);
    await page.getByRole('button', { name: `${button} (1)` }).click();
    await page.getByRole('heading', { name: `Message ${office.ids[fate]}` }).waitFor();
  };
  const before = await office.wechat.record();
  await say('arrived', 'It arrived');
  const arrived = await office.producer.status(office.ids.arrived);
  expect(arrived).toMatchObject({ state: 'sent', settledBy: 'person' });
  await say('lost', 'Send again');
  await reached(office.producer, office.ids.lost, ['sent']);
  expect((await office.wechat.record()).length).toBe(before.length + 1);
  expect(troubles).toEqual([]);
});

test('a paused account keeps its messages until it is resumed', async () => {
  const { page, troubles } = await enter(OPERATOR);
  await page.getByRole('link', { name: SHOP }).first().click();
  await page.getByRole('button', { name: 'Pause' }).click();
  const lane = laneRow(page, 'template');
  await expect.poll(() => lane.textContent()).toContain('paused: operator');
  const id = 'order-1099-paid';
  const { messageId } = await office.producer.enqueue(template(SHOP, id));
  await page.goto(messagePath(id));
  expect(await page.getByText('queued', { exact: true }).count()).toBe(1);
  await page.goto(accountPath(SHOP));
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect.poll(() => lane.textContent()).toContain('running');
  expect(await reached(office.producer, messageId, ['sent'])).toMatchObject({ state: 'sent' });
  expect(troubles).toEqual([]);
});

test('a dead letter is redriven by Bull Board’s own Retry', async () => {
  const { page, troubles } = await enter(OPERATOR);
  await page.getByRole('link', { name: 'Bull Board' }).click();
  await page.getByRole('link', { name: 'dead-letter' }).first().click();
  await page.getByRole('link', { name: 'Failed' }).click();
  await boardRetry(page, office.ids.late);
  const status = await reached(office.producer, office.ids.late, ['sent']);
  expect(status.attempts.map(({ errcode }) => errcode)).toEqual([45015, 0]);
  expect(troubles).toEqual([]);
});

test('the dead letters are the first card of Bull Board, above the accounts', async () => {
  const { page, troubles } = await enter(VIEWER);
  await page.goto('/board');
  const first = page.locator('main').getByRole('link', { name: 'dead-letter' }).first();
  const account = page.locator('main').getByRole('button', { name: SHOP });
  await Promise.all([first.waitFor(), account.waitFor()]);
  const tops = await Promise.all([first.boundingBox(), account.boundingBox()]);
  expect(tops[0]?.y).toBeLessThan(tops[1]?.y ?? 0);
  expect(troubles).toEqual([]);
});

test('of Bull Board’s buttons those are there that an operator may use', async () => {
  const { page, troubles } = await enter(OPERATOR);
  const menuOf = async (path: string) => {
    await page.goto(path);
    await page.locator('main button:has(.lucide-ellipsis-vertical)').first().click();
    await page.getByRole('menu').first().waitFor();
    return await visible(page.getByRole('menuitem'));
  };
  const allows = [expect.stringMatching(/^Retry all \d+ failed jobs$/), 'Pause'];
  expect(await menuOf('/board/queue/dead-letter?status=failed')).toEqual(allows);
  expect(await visible(page.locator(`[class*="queueActions-"] button`))).toEqual(['Retry all']);
  expect(await menuOf(boardLane(MEMBERS))).toEqual(['Resume']);
  expect(await visible(page.locator(BOARD_ACTION))).toEqual([]);
  const all = [expect.stringMatching(/^Retry \d+ failed jobs in all queues$/), 'Sort by'];
  expect(await menuOf('/board')).toEqual(all);
  expect(troubles).toEqual([]);
});

test('a viewer sees no button that changes anything, in Bull Board neither', async () => {
  const { page, troubles } = await enter(VIEWER);
  const found = new Set<string>();
  for (const path of ourPages()) {
    await page.goto(path);
    for (const text of await page.getByRole('button').allTextContents()) found.add(text);
  }
  expect([...found].sort()).toEqual(['Filter', 'Find', 'Log out']);
  await page.goto('/board/queue/dead-letter?status=failed');
  await page.getByRole('link', { name: office.ids.planted, exact: true }).waitFor();
  expect(await page.locator(BOARD_ACTION).count()).toBe(0);
  await page.goto(boardPath(office.ids.planted));
  await page.getByText('permanent-recipient').first().waitFor();
  expect(await page.locator(BOARD_ACTION).count()).toBe(0);
  expect(troubles).toEqual([]);
});

test('markup in ids, values, reasons and names is text wherever it is shown', async () => {
  const { page, troubles } = await enter(OPERATOR);
  const shown = ['/dead-letters', boardPath(office.ids.planted), boardLane(MEMBERS)];
  const inert = [
    messagePath(ORDERS.planted),
    messagePath(MARKUP),
    ...['appId', 'reason', 'errcode', 'template', 'since', 'cursor'].map(
      (name) => `/dead-letters?${name}=${asked}`,
    ),
    accountPath(MARKUP),
    `/repairs/${asked}`,
    `/${asked}`,
  ];
  for (const path of shown) {
    await page.goto(path);
    await page.getByText(MARKUP).first().waitFor();
    expect(await page.locator('[data-planted]').count()).toBe(0);
  }
  for (const path of inert) {
    await page.goto(path);
    await page.getByRole('link').first().waitFor();
    expect(await page.locator('[data-planted]').count()).toBe(0);
  }
  const failure = page.getByText(`43004 permanent-recipient: ${MARKUP}`);
  await page.goto(boardPath(office.ids.planted));
  await failure.first().waitFor();
  expect(troubles).toEqual([]);
});

test.each([
  ['en-GB', ['Overview', 'Dead letters', 'Repair: Redrive', 'Account', 'Message'], 'en'],
  ['zh-CN', ['总览', '死信', '批量处理: 重新投递', '公众号', '消息'], 'zh-CN'],
])('%s: every page is quiet, asks nobody else and fits a phone', async (locale, titles, lang) => {
  const { page, troubles } = await enter(OPERATOR, { locale, viewport: PHONE });
  await page.goto('/dead-letters?appId=wxOfNobody');
  const latest = await page.locator('a[href^="/repairs/"]').first().getAttribute('href');
  const headings: string[] = [];
  for (const path of ourPages(latest ?? 'no repair yet')) {
    await page.goto(path);
    headings.push(await headingOf(page));
    const width = await page.evaluate('document.documentElement.scrollWidth');
    const language = await page.locator('html').getAttribute('lang');
    expect({ path, width, language }).toEqual({ path, width: PHONE.width, language: lang });
  }
  expect(headings.map((heading) => heading.split(' wx')[0])).toEqual(titles);
  await page.goto('/dead-letters');
  const button = await page.locator('td.actions button').last().boundingBox();
  expect((button?.x ?? PHONE.width) + (button?.width ?? 0)).toBeLessThan(PHONE.width);
  for (const path of ['/board', boardLane(SHOP), '/board/queue/dead-letter']) {
    await page.goto(path, { waitUntil: 'networkidle' });
  }
  await page.goto('/');
  await page.getByRole('link', { name: locale === 'en-GB' ? '中文' : 'English' }).click();
  expect(await headingOf(page)).toBe(locale === 'en-GB' ? '总览' : 'Overview');
  expect(troubles).toEqual([]);
});

const RATE = 5;

test('the rate of a lane is changed while it is at work, and shown as set by hand', async () => {
  const { page, troubles } = await enter(OPERATOR);
  await page.goto(accountPath(SHOP));
  const form = page.locator('form', { has: page.getByLabel('template') });
  await form.getByRole('textbox').fill(String(RATE));
  await form.getByRole('button', { name: 'Set' }).click();
  const inForce = async () => {
    await page.goto(accountPath(SHOP));
    return await laneRow(page, 'template').textContent();
  };
  expect(await inForce()).toContain(`→ ${RATE}/s`);
  await expect.poll(inForce, { timeout: 10_000 }).not.toContain('→');
  expect(await inForce()).toContain(`${RATE}/s set by hand`);
  expect(troubles).toEqual([]);
});

test('two who click Bull Board’s Retry all send each message once, and no faster than the rate', async () => {
  const { producer, wechat } = office;
  const orders = Array.from({ length: 12 }, (_, index) => `order-${1200 + index}-shipped`);
  const ids = await Promise.all(
    orders.map((order) => perish(producer, wechat, order, { errcode: 43004 })),
  );
  const people = await Promise.all([enter(OPERATOR), enter(OPERATOR)]);
  for (const { page } of people) {
    await page.goto('/board/queue/dead-letter?status=failed');
    await page.getByRole('button', { name: 'Retry all' }).click();
  }
  await Promise.all(people.map(({ page }) => confirm(page)));
  for (const id of ids) await reached(producer, id, ['sent']);
  const openids = orders.map(openidOf);
  const taken = (await wechat.record()).filter(({ openid }) => openids.includes(openid));
  expect(taken.map(({ openid }) => openid).sort()).toEqual(openids.sort());
  const times = taken.map(({ at }) => at);
  expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(1000);
  expect(people.flatMap(({ troubles }) => troubles)).toEqual([]);
});

/** What is done with a job or with all of them. */
const BOARD_ACTION = '[class*="jobActions-"] button, [class*="queueActions-"] button';

/** The texts of those that can be seen. */
async function visible(elements: Locator): Promise<string[]> {
  return await elements.filter({ visible: true }).allInnerTexts();
}

const asked = encodeURIComponent(MARKUP);

async function enter(who: Person, options: PageOptions = {}): Promise<WatchedPage> {
  const watched = await browser.visit(office.url, options);
  await logIn(watched.page, who);
  return watched;
}

/** From any page: one that reloads itself has a link to the field. */
async function find(page: Page, text: string): Promise<void> {
  const link = page.locator('a.search');
  if ((await link.count()) > 0) await link.click();
  await page.locator('input[name=q]').fill(text);
  await page.getByRole('button', { name: 'Find' }).click();
}

async function headingOf(page: Page): Promise<string> {
  return (await page.getByRole('heading', { level: 1 }).textContent()) ?? '';
}

function rowsWith(page: Page, text: string): Locator {
  return page.getByRole('row').filter({ hasText: text });
}

/** The first table of an account's page has its lanes. */
function laneRow(page: Page, kind: string): Locator {
  return page.getByRole('table').first().getByRole('row').filter({ hasText: kind });
}

/** What happened to a message, a line for each, as a person reads it. */
async function timelineOf(page: Page): Promise<string[]> {
  const rows = await page.locator('tbody tr').allInnerTexts();
  return rows.map((row) => row.replaceAll(/\s+/g, ' '));
}

function ourPages(repair?: string): string[] {
  const repairs = repair === undefined ? [] : [repair];
  const message = messagePath(ORDERS.planted);
  return ['/', '/dead-letters', ...repairs, accountPath(MEMBERS), message];
}

function messagePath(text: string): string {
  return `/message?q=${encodeURIComponent(text)}`;
}

function accountPath(appId: string): string {
  return `/accounts/${encodeURIComponent(appId)}`;
}

function boardPath(messageId: string): string {
  return `/board/queue/dead-letter/${messageId}?status=failed`;
}

function boardLane(appId: string): string {
  return `/board/queue/${appId}.template`;
}

/** Its buttons have pictures and no names; it asks before it does anything. */
async function boardRetry(page: Page, messageId: string): Promise<void> {
  const letter = page.getByRole('link', { name: messageId, exact: true });
  const actions = letter.locator('xpath=ancestor::*[.//button][1]');
  await actions.locator('button:has(.lucide-refresh-cw)').click();
  await confirm(page);
}

async function confirm(page: Page): Promise<void> {
  await page.getByRole('alertdialog').getByRole('button', { name: 'Confirm' }).click();
}
