import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Shop, useCourier } from '../helpers/courier.ts';
import { OPERATOR, startDashboard, type TestDashboard, VIEWER } from '../helpers/dashboard.ts';
import { openFrozenWorker } from '../helpers/frozen-worker.ts';
import { waitFor } from '../helpers/wait-for.ts';

const courier = useCourier({ closeAfter: 'file' });

let shop: Shop;
let dashboard: TestDashboard;
let frozen: Redis | undefined;

beforeAll(async () => {
  shop = await courier.open({ workers: 0 });
  dashboard = await startDashboard(shop);
});
afterAll(async () => {
  frozen?.disconnect();
  await dashboard.stop();
});

const page = async (path: string) => (await dashboard.open('GET', path)).text;
const account = () => page(`/accounts/${shop.appId}`);
/** A page without its markup, so that a sentence is one. */
const words = (text: string) => text.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ');
const waitsFor = async (messageId: string) =>
  /waits for (.*?) (?:template|What happened)/.exec(
    words(await page(`/message?q=${messageId}`)),
  )?.[1];

test('where no worker runs the overview says so in red, of the whole and of each lane', async () => {
  const overview = await page('/');
  expect(words(overview)).toContain('need attention: 1 · workers: 0');
  expect(overview).toMatch(/class="bad">\s*workers: 0/);
  expect(overview.match(/class="bad line">no worker</g)).toHaveLength(2);
  expect(words(overview)).not.toContain('running');
});

test('a message that waits says for what', async () => {
  const { messageId } = await shop.producer.enqueue(shop.template());
  expect(await waitsFor(messageId)).toContain('no worker');
  frozen = await openFrozenWorker(shop, 'template');
  expect(await waitsFor(messageId)).toMatch(/^its turn · waiting in its lane: 1/);
  const sendAt = Date.now() + 3_600_000;
  const later = await shop.producer.enqueue({ ...shop.template(), sendAt });
  const hour = new Date(sendAt).toISOString().slice(11, 16);
  expect(await waitsFor(later.messageId)).toMatch(new RegExp(`^not before .* ${hour}:`));

  await dashboard.open('POST', `/accounts/${shop.appId}/pause`);
  expect(await waitsFor(messageId)).toMatch(/^paused: operator li\.na since 20/);
  await dashboard.open('POST', `/accounts/${shop.appId}/resume`);
  await shop.lane('template').pause();
  expect(await waitsFor(messageId)).toBe('paused this lane only, in Bull Board');
  await shop.lane('template').resume();
});

test('an account whose pausing was interrupted says so, and pausing again mends it', async () => {
  await dashboard.open('POST', `/accounts/${shop.appId}/pause`);
  await shop.lane('custom').resume();
  expect(words(await account())).toMatch(/custom half paused/);
  await dashboard.open('POST', `/accounts/${shop.appId}/pause`);
  expect(words(await account())).toMatch(/custom paused: operator li\.na/);
  await dashboard.open('POST', `/accounts/${shop.appId}/resume`);
});

test('a queue of dead letters that is paused in Bull Board is seen on the overview', async () => {
  const pause = (action: string) =>
    dashboard.open('PUT', `/board/api/queues/dead-letter/${action}`);
  expect((await pause('pause')).status).toBe(200);
  expect(words(await page('/'))).toContain('nothing is redriven');
  expect((await pause('resume')).status).toBe(200);
  expect(words(await page('/'))).not.toContain('nothing is redriven');
});

test('messages of an account that has left the accounts file say so, and a new one is seen', async () => {
  const other = await courier.open({ workers: 0 });
  const own = await startDashboard(other);
  const { messageId } = await other.producer.enqueue(other.template());
  const text = async () => words((await own.open('GET', `/message?q=${messageId}`)).text);
  expect(await text()).toContain('waits for no worker');
  await other.writeAccounts({ appId: `${other.appId}x` });
  await waitFor(async () => (await text()).includes('not in the accounts file'), {
    timeoutMs: 15_000,
  });
  expect((await own.open('GET', '/')).text).toContain(`/accounts/${other.appId}x`);
  await own.stop();
});

test('the overview is read anew after whatever an operator does, not after a refusal', async () => {
  const full = await courier.open({ workers: 0 });
  const own = await startDashboard(full);
  const numbers = async () => {
    const { text } = await own.open('GET', '/');
    return [...text.matchAll(/<td class="number">(\d*)<\/td>/g)].map(([, cell]) => cell);
  };
  const messageId = `${full.appId}.${'0'.repeat(26)}`;
  const purge = async (as: string) => {
    const form = { messageId, confirmed: 'yes' };
    return (await own.open('POST', '/dead-letters/purge', { as, form })).status;
  };
  try {
    const before = await numbers();
    await full.producer.enqueueMany(Array.from({ length: 7 }, () => full.template()));
    expect(await purge(VIEWER)).toBe(403);
    expect(await numbers()).toEqual(before);
    expect(await purge(OPERATOR)).toBe(303);
    expect(await numbers()).toContain('7');
    expect(before).not.toContain('7');
  } finally {
    await own.stop();
  }
});

test('a rate that is given back is on its way until the lane has it', async () => {
  await shop.lane('custom').setGlobalRateLimit(3, 100);
  await shop.redis.hset(shop.keys.rates, 'custom:file', 100);
  expect(words(await account())).toContain('30/s → 100/s');
  await shop.lane('custom').setGlobalRateLimit(5, 50);
  expect(words(await account())).not.toContain('→');
});
