import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { expect, test } from 'vitest';
import { newUser } from '../../src/dashboard/users/user.ts';
import { addUser } from '../../src/dashboard/users/users-file.ts';
import { newApiKey, SCOPES } from '../../src/ingest/keys/api-key.ts';
import { addKey } from '../../src/ingest/keys/keys-file.ts';
import { startCollector } from '../helpers/collector.ts';
import { reached } from '../helpers/courier.ts';
import type { RunningProcess } from '../helpers/processes.ts';
import { type Town, useTowns } from '../helpers/town.ts';

/*
 * What nobody may read is planted; messages are sent through trouble with the most talkative logs,
 * WeChat's texts quoting what they should not; then all that real processes wrote, answered and
 * told a collector is searched.
 */

const towns = useTowns();

/** As long as real ones are. */
const OPENID = `oPLANTED${randomBytes(10).toString('hex')}`;
const WORDS = 'PLANTED words';
const PASSWORD = 'planted password of li.na';
const CALLBACK_TOKEN = 'planted-callback-token';
const AES_KEY = randomBytes(33).toString('base64').replaceAll(/[+/]/g, 'x').slice(0, 43);

/** Where something was written or shown, and what. */
type Places = Record<string, string>;

test('no secret, token, key, openid or word of a message is in any line, answer, page, metric or span', async () => {
  const house = await openHouse();
  const { town, api, office, tokens } = house;
  const { appId, secret } = town;
  tokens.add(await currentToken(town));
  const quoting = `invalid ${OPENID} access_token=${[...tokens].join()} "${secret}"`;

  const silent = await accepted(house, customMessage(town, 'silent'), { kind: 'hang' });
  const busy = { kind: 'errcode', errcode: -1, errmsg: quoting };
  const again = await accepted(house, templateMessage(town, 'again'), busy);
  const refused = { kind: 'errcode', errcode: 40003, errmsg: quoting };
  const dead = await accepted(house, templateMessage(town, 'dead'), refused);
  await reached(town.producer, again, ['sent'], { timeoutMs: 20_000 });
  await reached(town.producer, dead, ['dead'], { timeoutMs: 20_000 });

  town.control('POST', 'faults', {
    path: '/cgi-bin/stable_token',
    accept: false,
    reply: { kind: 'errcode', errcode: -1, errmsg: `invalid appsecret ${secret}, "${secret}"` },
    count: 1,
  });
  town.control('POST', 'tokens', { appId, action: 'revoke', mode: 'replaced' });
  const renewed = await accepted(house, templateMessage(town, 'renewed'));
  await reached(town.producer, renewed, ['sent'], { timeoutMs: 20_000 });
  tokens.add(await currentToken(town));
  await spoilAccountsFile(house);
  await askIngestForTrouble(house);
  await reached(town.producer, silent, ['unknown'], { timeoutMs: 20_000 });

  for (const id of [silent, dead]) await askDashboard(house, id);
  await office('dead letters', 'POST', '/dead-letters/redrive', { messageId: dead });
  await reached(town.producer, dead, ['sent'], { timeoutMs: 20_000 });
  await api('a status', 'GET', `/v1/messages/${dead}?openid=${OPENID}`);
  const places = await closeHouse(house);

  expect(tokens.size).toBe(2);
  expect(places['worker']).toContain(`${OPENID.slice(0, 5)}…${OPENID.slice(-4)}`);
  expect(places['worker']).toContain('accounts file not taken');
  expect(places['dashboard']).toContain('/accounts/oPLAN…');
  expect(places['dashboard: a job of dead-letter']).toContain('oPLAN…');
  for (const role of ['worker', 'ingest', 'dashboard']) {
    expect(places[`metrics of ${role}`]).toContain('courier_');
  }
  expect(places['collector']).toContain('deliver custom');
  const planted = {
    openid: OPENID,
    words: WORDS,
    secret,
    callbackToken: CALLBACK_TOKEN,
    aesKey: AES_KEY,
    password: PASSWORD,
    key: house.key,
    ...Object.fromEntries([...tokens].map((token, index) => [`token ${index + 1}`, token])),
  };
  const found = Object.entries(places).flatMap(([place, text]) =>
    Object.entries(planted)
      .filter(([, value]) => text.includes(value) || text.includes(encodeURIComponent(value)))
      .map(([what, value]) => `${what} in ${place}: ${around(text, value)}`),
  );
  expect(found).toEqual([]);
}, 90_000);

interface House {
  readonly town: Town;
  readonly key: string;
  readonly tokens: Set<string>;
  readonly places: Places;
  readonly roles: Readonly<Record<string, RunningProcess>>;
  readonly collector: Awaited<ReturnType<typeof startCollector>>;
  /** Asks ingest, and keeps the answer as a place. */
  api(place: string, method: string, path: string, body?: unknown, key?: string): Promise<string>;
  /** Asks the dashboard, likewise. */
  office(
    place: string,
    method: string,
    path: string,
    form?: Record<string, string>,
    password?: string,
  ): Promise<string>;
}

async function openHouse(): Promise<House> {
  const town = await towns.open();
  const collector = await startCollector();
  towns.cleanups.push(() => collector.stop());
  const callback = { token: '${CB_TOKEN}', encodingAesKey: '${CB_KEY}' };
  const account = { appId: town.appId, secret: '${WX_SECRET}', apiBase: town.apiBase, callback };
  await town.writeAccounts([account]);
  const [keysFile, usersFile] = [`${town.accountsFile}.keys`, `${town.accountsFile}.users`];
  const key = newApiKey(
    { name: 'orders', scopes: SCOPES, appIds: null },
    { randomBytes, now: Date.now },
  );
  await addKey(keysFile, key);
  await addUser(usersFile, await newUser({ name: 'li.na', role: 'operator' }, PASSWORD, Date.now));
  const env = {
    ...town.env,
    CB_TOKEN: CALLBACK_TOKEN,
    CB_KEY: AES_KEY,
    LOG_LEVEL: 'trace',
    COURIER_API_KEYS_FILE: keysFile,
    COURIER_DASHBOARD_USERS_FILE: usersFile,
    COURIER_INGEST_PORT: '0',
    COURIER_DASHBOARD_PORT: '0',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_BSP_SCHEDULE_DELAY: '50',
  };
  const roles = Object.fromEntries(
    ['worker', 'ingest', 'dashboard'].map((role) => [
      role,
      towns.processes.start(path.join('dist', role, 'main.js'), { env }),
    ]),
  );
  const places: Places = {};
  const addresses: Record<string, string> = {};
  for (const [role, process] of Object.entries(roles)) {
    const { port } = await process.ready();
    addresses[role] = `http://127.0.0.1:${Number(port)}`;
  }
  const ask = async (role: string, place: string, route: string, init: RequestInit) => {
    const url = `${addresses[role]}${route}`;
    const response = await fetch(url, { redirect: 'manual', ...init });
    const text = await response.text();
    const headers = JSON.stringify([...response.headers]);
    places[`${role}: ${place}`] = `${places[`${role}: ${place}`] ?? ''}${headers}${text}`;
    return text;
  };
  return {
    town,
    key: key.plain,
    tokens: new Set(),
    places,
    roles,
    collector,
    api: (place, method, route, body, bearer = key.plain) =>
      ask('ingest', place, route, {
        method,
        headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
        ...(body !== undefined && {
          body: typeof body === 'string' ? body : JSON.stringify(body),
        }),
      }),
    office: (place, method, route, form, password = PASSWORD) =>
      ask('dashboard', place, route, {
        method,
        headers: {
          authorization: `Basic ${Buffer.from(`li.na:${password}`).toString('base64')}`,
          origin: addresses['dashboard'] ?? '',
          accept: route.startsWith('/board/api') ? 'application/json' : 'text/html',
        },
        ...(form && { body: new URLSearchParams(form) }),
      }),
  };
}

const templateMessage = ({ appId }: Town, name: string) => ({
  appId,
  kind: 'template',
  id: name,
  message: {
    touser: OPENID,
    template_id: 'ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY',
    url: `https://example.com/${name}`,
    data: { thing1: { value: WORDS } },
  },
});

const customMessage = ({ appId }: Town, name: string) => ({
  appId,
  kind: 'custom',
  id: name,
  message: { touser: OPENID, msgtype: 'text', text: { content: `${WORDS} ${name}` } },
});

/** Hands a message to ingest; WeChat's first answer to it is `reply`. Returns its id. */
async function accepted(
  { town, api }: House,
  body: { readonly id: string },
  reply?: object,
): Promise<string> {
  if (reply) {
    const fault = { accept: false, count: 1, bodyContains: body.id, reply };
    town.control('POST', 'faults', fault);
  }
  const answer = await api('accepted', 'POST', '/v1/messages', body);
  return (JSON.parse(answer) as { messageId: string }).messageId;
}

/** The one that the worker has as well: a normal call hands out the same. */
async function currentToken({ appId, secret, apiBase }: Town): Promise<string> {
  const response = await fetch(`${apiBase}/cgi-bin/stable_token`, {
    method: 'POST',
    body: JSON.stringify({ grant_type: 'client_credential', appid: appId, secret }),
  });
  return ((await response.json()) as { access_token: string }).access_token;
}

/** A mistake beside secrets that stand in the file itself; then the file is right again. */
async function spoilAccountsFile({ town, roles }: House): Promise<void> {
  const { appId, secret, apiBase } = town;
  const callback = { token: CALLBACK_TOKEN, encodingAesKey: AES_KEY };
  await town.writeAccounts([{ appId, secret, apiBase, callback: CALLBACK_TOKEN }]);
  await roles['worker']?.line(/accounts file not taken/);
  await town.writeAccounts([{ appId, secret, apiBase, callback }]);
}

/** Every way of being refused. */
async function askIngestForTrouble({ town, api, key }: House): Promise<void> {
  const good = templateMessage(town, 'good');
  const bodies: Record<string, unknown> = {
    'wrong kind': { ...good, kind: OPENID },
    'wrong account': { ...good, appId: OPENID },
    'wrong recipient': { ...good, message: { ...good.message, touser: `${OPENID} ${OPENID}` } },
    'unknown field': { ...good, [OPENID]: WORDS },
    'wrong time': { ...good, sendAt: OPENID },
    'wrong data': { ...good, message: { ...good.message, data: WORDS } },
    'list of recipients': { ...good, message: { ...good.message, touser: [OPENID] } },
    'no variable': { ...good, message: { ...good.message, data: { [OPENID]: { value: 1 } } } },
    'wrong msgtype': { ...good, kind: 'custom', message: { touser: OPENID, msgtype: OPENID } },
    'no JSON': `{"touser": "${OPENID}", ${WORDS}`,
  };
  for (const [place, body] of Object.entries(bodies))
    await api(place, 'POST', '/v1/messages', body);
  await api('batch', 'POST', '/v1/messages/batch', { messages: Object.values(bodies) });
  await api('no such message', 'GET', `/v1/messages/${OPENID}`);
  await api('no such key', 'GET', `/v1/messages/${town.appId}.${OPENID}`);
  await api('no such filter', 'GET', `/v1/dead-letters?reason=${OPENID}&${OPENID}=1`);
  await api('no such route', 'GET', `/v1/users/${OPENID}?access_token=${key}`);
  await api('wrong key', 'POST', '/v1/messages', good, `${key.slice(0, -1)}-`);
}

async function askDashboard({ town, office, tokens }: House, messageId: string): Promise<void> {
  const { appId } = town;
  const jobId = messageId.split('.')[1] ?? '';
  const pages = {
    overview: '/',
    account: `/accounts/${appId}`,
    message: `/message?q=${messageId}`,
    'search by openid': `/message?q=${OPENID}`,
    'search by nothing known': `/message?q=${OPENID}x`,
    'dead letters': `/dead-letters?appId=${appId}`,
    'dead letters of a filter that is none': `/dead-letters?appId=${OPENID}&since=${OPENID}`,
    'no such account': `/accounts/${OPENID}`,
    'no such page': `/${OPENID}`,
    board: '/board/api/queues?status=latest&page=1&jobsPerPage=50',
  };
  for (const [place, route] of Object.entries(pages)) await office(place, 'GET', route);
  for (const queue of ['dead-letter', `${appId}.template`, `${appId}.custom`]) {
    await office(queue, 'GET', `/board/api/queues?activeQueue=${queue}&page=1&jobsPerPage=50`);
    for (const id of [jobId, messageId]) {
      await office(`a job of ${queue}`, 'GET', `/board/api/queues/${queue}/${id}`);
      await office(`logs of ${queue}`, 'GET', `/board/api/queues/${queue}/${id}/logs`);
    }
  }
  await office('wrong password', 'GET', '/', undefined, `${PASSWORD} `);
  const [token = ''] = tokens;
  await office('no such action', 'POST', `/accounts/${OPENID}/pause?access_token=${token}`, {});
  await office('no such form', 'POST', `/people/${OPENID}`, { openid: OPENID });
}

/** Ends the processes, the dashboard last, and returns all that they left. */
async function closeHouse({ roles, places, collector }: House): Promise<Places> {
  for (const [role, process] of Object.entries(roles)) {
    const { port, metricsPort = port } = await process.ready();
    const response = await fetch(`http://127.0.0.1:${Number(metricsPort)}/metrics`);
    places[`metrics of ${role}`] = await response.text();
  }
  for (const [role, process] of Object.entries(roles)) {
    expect(await process.stop()).toEqual({ code: 0, signal: null });
    places[role] = [...process.stdout, ...process.stderr].join('\n');
  }
  return { ...places, collector: Buffer.from(collector.bytes(), 'latin1').toString('utf8') };
}

/** Enough of it to see who wrote it. */
function around(text: string, value: string): string {
  const at = text.indexOf(value);
  return text.slice(Math.max(0, at - 80), at + value.length + 40);
}
