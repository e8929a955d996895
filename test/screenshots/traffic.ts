import { setTimeout as delay } from 'node:timers/promises';
import type { EnvelopeInput } from '../../src/producer/index.ts';
import { CUSTOM_SEND, reached, TEMPLATE_SEND } from '../helpers/courier.ts';
import { type Office, openidOf, SHOP, template } from '../helpers/office.ts';

const CLINIC = 'wx27c4e8f1a6b3905d';
const LIBRARY = 'wx5b7e02c4a1d9683f';
const FLORIST = 'wx93f0c6d8e7b1524a';
const LOCKED = 'wxa17d35e9b04c82f6';

/** Accounts that stand beside those of the office, each with a trouble of its own. */
export const OTHERS = [
  { appId: CLINIC },
  { appId: LIBRARY, quotas: [{ path: TEMPLATE_SEND, daily: 180 }] },
  { appId: FLORIST },
  { appId: LOCKED, condition: 'ip-not-listed' },
];

/** Somebody deleted this template: everything with it dies. */
const DELETED = 'Doxs4yQBAyDSZVWBGYdpSeFmIwFArYRWYXXhUYfPIn4';
const DEAD = 3000;
/** They are sent side by side: one of these is the last. */
const LATEST = 50;
const MINUTE_MS = 60_000;
/** Counts are in Redis within 5 seconds. */
const COUNTED_MS = 6_000;
/** Messages a second of each account. */
const STREAMS = [
  { appId: SHOP, perSecond: 14 },
  { appId: CLINIC, perSecond: 5 },
  { appId: LIBRARY, perSecond: 3 },
  { appId: FLORIST, perSecond: 2 },
  { appId: LOCKED, perSecond: 0.5 },
];

/** Sends as on a working day, until a full minute of it has been counted. */
export async function makeTraffic(office: Office, say: (line: string) => void): Promise<void> {
  await office.producer.deadLetters.purge(office.ids.planted);
  await killMany(office);
  await arrangeTroubles(office);
  const until = (Math.floor(Date.now() / MINUTE_MS) + 2) * MINUTE_MS + COUNTED_MS;
  say(`Sending for ${Math.round((until - Date.now()) / 1000)} s, so that a full minute is counted`);
  for (let second = 0; Date.now() < until; second += 1) {
    await office.producer.enqueueMany(STREAMS.flatMap((stream) => ofOneSecond(stream, second)));
    await delay(1000);
  }
}

/** What the pages show of a day: people who left, and answers that never came. */
async function arrangeTroubles({ wechat, producer }: Office): Promise<void> {
  const at = { appId: SHOP, path: TEMPLATE_SEND, accept: false };
  const errcode = (code: number) => ({ kind: 'errcode', errcode: code });
  const faults = [
    { ...at, probability: 0.01, reply: errcode(43004) },
    { ...at, probability: 0.004, reply: errcode(-1) },
    { ...at, appId: FLORIST, probability: 0.02, reply: errcode(43004) },
    { appId: FLORIST, path: CUSTOM_SEND, accept: true, count: 2, reply: { kind: 'reset' } },
  ];
  await wechat.control('POST', 'faults', { faults });
  const asked = [1, 2].map((index) => question(FLORIST, `bouquet-${300 + index}-question`));
  await producer.enqueueMany(asked);
}

/** Resolves when the last of them is dead. */
async function killMany({ wechat, producer }: Office): Promise<void> {
  const reply = { kind: 'errcode', errcode: 40037 };
  const fault = { appId: SHOP, path: TEMPLATE_SEND, bodyContains: DELETED, accept: false, reply };
  await wechat.control('POST', 'faults', fault);
  const ids = Array.from({ length: DEAD }, (_, index) => `order-${20_000 + index}-shipped`);
  const sent = await producer.enqueueMany(ids.map(ofDeleted));
  for (const result of sent.slice(-LATEST)) {
    const messageId = 'messageId' in result ? result.messageId : result.code;
    await reached(producer, messageId, ['dead'], { timeoutMs: MINUTE_MS });
  }
  await wechat.control('DELETE', 'faults');
}

function ofDeleted(id: string): EnvelopeInput {
  const envelope = template(SHOP, id);
  return { ...envelope, message: { ...envelope.message, template_id: DELETED } };
}

function ofOneSecond(
  { appId, perSecond }: { readonly appId: string; readonly perSecond: number },
  second: number,
): EnvelopeInput[] {
  const from = Math.floor(second * perSecond);
  const count = Math.floor((second + 1) * perSecond) - from;
  return Array.from({ length: count }, (_, index) => {
    const id = `order-${30_000 + from + index}`;
    return index % 4 === 3 ? question(appId, `${id}-answer`) : template(appId, `${id}-paid`);
  });
}

function question(appId: string, id: string): EnvelopeInput {
  const text = { content: `您的订单 ${id} 已发货，请留意查收。` };
  return { appId, id, kind: 'custom', message: { touser: openidOf(id), msgtype: 'text', text } };
}
