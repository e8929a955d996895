import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { newUser, type UserRole } from '../../src/dashboard/users/user.ts';
import { addUser } from '../../src/dashboard/users/users-file.ts';
import { createProducer, type EnvelopeInput, type Producer } from '../../src/producer/index.ts';
import { openAccountControl } from '../../src/shared/account-control.ts';
import { systemClock } from '../../src/shared/clock.ts';
import { openLane } from '../../src/shared/lane.ts';
import { openRedis } from '../../src/shared/redis.ts';
import { startWechat, type Wechat } from '../chaos/wechat.ts';
import { CUSTOM_SEND, reached, TEMPLATE_SEND } from './courier.ts';
import { type RunningProcess, startProcess } from './process.ts';
import { createRestartableRedis } from './restartable-redis.ts';
import { waitFor } from './wait-for.ts';

/** Nobody may ever see this as more than text. */
export const MARKUP =
  '<img src=x onerror=alert(1) data-planted><script data-planted>alert(2)</script>';
export const SHOP = 'wx8c6e0f3b2d914a57';
/** Paused by an operator, so that its messages wait. */
export const MEMBERS = 'wx1d42b7795cf0e3a6';
export const OPERATOR = { name: 'li.na', password: 'operator-password-1' };
export const VIEWER = { name: 'han.mei', password: 'viewer-password-1' };

/** The caller's id of a message of each fate; those that died would be taken by WeChat now. */
export const ORDERS = {
  sent: 'order-1001-paid',
  refused: 'order-1007-shipped',
  unwanted: 'order-1012-shipped',
  late: 'order-1008-question',
  arrived: 'order-1015-question',
  lost: 'order-1016-question',
  planted: `order-${MARKUP}`,
} as const;
export type Fate = keyof typeof ORDERS;

/** A dashboard, a worker and a pretended WeChat as processes, and messages of every fate. */
export interface Office {
  readonly url: string;
  readonly redisUrl: string;
  readonly producer: Producer;
  readonly wechat: Wechat;
  readonly ids: Readonly<Record<Fate, string>>;
  /** Whoever got the message that was sent. */
  readonly openid: string;
  close(): Promise<void>;
}

const TEMPLATE = 'ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY';
/** One of each of these dies, besides those that have a name. */
const REFUSALS = [40037, 47003, 47003, 47003, 43004, 43004];
const SENT = 24;
const WAITING = 12;

export interface OfficeOptions {
  /** More accounts, as the simulator takes them. */
  readonly others?: readonly { readonly appId: string }[];
}

export async function openOffice(options: OfficeOptions = {}): Promise<Office> {
  const cleanups: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  };
  try {
    return { ...(await furnish(cleanups, options)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function furnish(
  cleanups: (() => Promise<unknown>)[],
  { others = [] }: OfficeOptions,
): Promise<Omit<Office, 'close'>> {
  const accounts = [{ appId: SHOP }, { appId: MEMBERS }, ...others];
  const dir = await mkdtemp(path.join(tmpdir(), 'courier-office-'));
  cleanups.push(() => rm(dir, { recursive: true, force: true }));
  const redis = await createRestartableRedis();
  cleanups.push(() => redis.remove());
  const [wechat] = await Promise.all([startWechat({ latency: '5' }), redis.start()]);
  cleanups.push(() => wechat.stop());
  const env = await settings(dir, redis.url, wechat, accounts);
  const start = (entry: string): RunningProcess => {
    const running = startProcess(entry, { env });
    cleanups.push(() => running.stop());
    return running;
  };
  const dashboard = start('dist/dashboard/main.js');
  const worker = start('dist/worker/main.js');
  const producer = createProducer({
    redisUrl: redis.url,
    accounts: accounts.map(({ appId }) => ({ appId })),
  });
  cleanups.push(() => producer.close());
  await keepWaiting(redis.url, producer);
  const [{ port }] = await Promise.all([dashboard.ready(), worker.ready()]);
  const ids = await sendAll(producer, wechat);
  const url = `http://127.0.0.1:${Number(port)}`;
  return { url, redisUrl: redis.url, producer, wechat, ids, openid: openidOf(ORDERS.sent) };
}

/** The files that processes read, and the environment that names them. */
async function settings(
  dir: string,
  redisUrl: string,
  wechat: Wechat,
  known: readonly { readonly appId: string }[],
) {
  const secret = 'canary-secret-of-the-office';
  await wechat.control('POST', 'accounts', {
    accounts: known.map((account) => ({ ...account, secret })),
  });
  const accountsFile = path.join(dir, 'accounts.json');
  const accounts = known.map(({ appId }) => ({ appId, secret, apiBase: wechat.url }));
  await writeFile(accountsFile, JSON.stringify({ accounts }));
  const usersFile = path.join(dir, 'users.json');
  const add = async (who: typeof OPERATOR, role: UserRole) =>
    addUser(usersFile, await newUser({ name: who.name, role }, who.password, Date.now));
  await add(OPERATOR, 'operator');
  await add(VIEWER, 'viewer');
  return {
    REDIS_URL: redisUrl,
    COURIER_ACCOUNTS_FILE: accountsFile,
    COURIER_DASHBOARD_USERS_FILE: usersFile,
    COURIER_DASHBOARD_PORT: '0',
    COURIER_METRICS_PORT: '0',
  };
}

/** Messages of a paused account, and a job that is none of ours. */
async function keepWaiting(redisUrl: string, producer: Producer): Promise<void> {
  const redis = openRedis(redisUrl, 'worker', () => undefined);
  const control = openAccountControl(redis, MEMBERS, systemClock);
  const lane = openLane(redis, MEMBERS, 'template', () => undefined);
  await control.pause();
  const waiting = Array.from({ length: WAITING }, (_, index) =>
    template(MEMBERS, `member-${2001 + index}-renewal`),
  );
  await producer.enqueueMany(waiting);
  await lane.add(MARKUP, { message: { touser: MARKUP, template_id: MARKUP }, id: MARKUP });
  await control.close();
  await lane.close();
  redis.disconnect();
}

/** Sends messages of the other account, until each has come to its end. */
async function sendAll(producer: Producer, wechat: Wechat): Promise<Record<Fate, string>> {
  const late = openidOf(ORDERS.late);
  const window = { openid: late, window: 'unlimited' };
  await wechat.control('POST', 'recipients', { appId: SHOP, recipients: [window] });
  await refuse(wechat, late, { errcode: 45015 }, CUSTOM_SEND);
  const [lateId, plantedId, refusedId, unwantedId, arrivedId, lostId] = await Promise.all([
    dies(producer, answer(ORDERS.late)),
    perish(producer, wechat, ORDERS.planted, { errcode: 43004, errmsg: MARKUP }),
    perish(producer, wechat, ORDERS.refused, { errcode: 43004 }),
    perish(producer, wechat, ORDERS.unwanted, { errcode: 43019 }),
    vanish(producer, wechat, ORDERS.arrived),
    vanish(producer, wechat, ORDERS.lost),
    ...REFUSALS.map((errcode, index) =>
      perish(producer, wechat, `order-${1020 + index}-shipped`, { errcode }),
    ),
  ]);
  const sent = await Promise.all(
    Array.from({ length: SENT }, async (_, index) => {
      const { messageId } = await producer.enqueue(
        template(SHOP, `order-${1001 + index * 2}-paid`),
      );
      await reached(producer, messageId, ['sent']);
      return messageId;
    }),
  );
  const dead = { late: lateId, planted: plantedId, refused: refusedId, unwanted: unwantedId };
  return { ...dead, arrived: arrivedId, lost: lostId, sent: sent[0] ?? '' };
}

/** A customer-service message of the shop. */
function answer(id: string): EnvelopeInput {
  const message = { touser: openidOf(id), msgtype: 'text', text: { content: '您的问题已处理' } };
  return { appId: SHOP, id, kind: 'custom', message };
}

/** A message that WeChat has, and never says so. Resolves with its id when it is unknown. */
async function vanish(producer: Producer, wechat: Wechat, id: string): Promise<string> {
  const openid = openidOf(id);
  await wechat.control('POST', 'recipients', {
    appId: SHOP,
    recipients: [{ openid, window: 'unlimited' }],
  });
  const once = { appId: SHOP, openid, path: CUSTOM_SEND, accept: true, count: 1 };
  await wechat.control('POST', 'faults', { ...once, reply: { kind: 'reset' } });
  const { messageId } = await producer.enqueue(answer(id));
  await reached(producer, messageId, ['unknown']);
  return messageId;
}

/** A message of the shop that WeChat refuses, once. Resolves with its id when it is dead. */
export async function perish(
  producer: Producer,
  wechat: Wechat,
  id: string,
  reply: { readonly errcode: number; readonly errmsg?: string },
): Promise<string> {
  await refuse(wechat, openidOf(id), reply, TEMPLATE_SEND);
  const text = reply.errmsg === undefined ? {} : { text: reply.errmsg };
  return await dies(producer, template(SHOP, id, text));
}

async function refuse(wechat: Wechat, openid: string, reply: object, at: string): Promise<void> {
  const once = { appId: SHOP, openid, path: at, accept: false, count: 1 };
  await wechat.control('POST', 'faults', { ...once, reply: { kind: 'errcode', ...reply } });
}

async function dies(producer: Producer, envelope: EnvelopeInput): Promise<string> {
  const { messageId } = await producer.enqueue(envelope);
  const isDead = () => producer.deadLetters.show(messageId);
  await waitFor(isDead, { timeoutMs: 15_000, what: `${messageId} dead` });
  return messageId;
}

/** A template message to the recipient who belongs to this id. */
export function template(
  appId: string,
  id: string,
  { text = '龙井茶 250 克' }: { readonly text?: string } = {},
): EnvelopeInput {
  const data = { character_string1: { value: id.slice(0, 10) }, thing2: { value: text } };
  const message = { touser: openidOf(id), template_id: TEMPLATE, data };
  return { appId, id, kind: 'template', message };
}

/** Looks like one, and is the same in each run. */
export function openidOf(id: string): string {
  return `o${createHash('sha256').update(id).digest('base64url')}`.slice(0, 28);
}
