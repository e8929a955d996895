import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { startProcess } from '../helpers/process.ts';
import { armFault } from './books.ts';
import { messageIdsOf, startLoad } from './load.ts';
import type { Measured, MeasureOptions } from './measured.ts';
import { reckon } from './reckoning.ts';
import { openScene, type Scene, SECRET, SEND_PATHS, TOKEN_PATH } from './scene.ts';

const PROCESSES = 2;
const PER_SECOND = 50;

/**
 * Secret and tokens are canaries: messages are sent through all kinds of trouble with the most
 * talkative logs, WeChat's error texts quoting what they must not, and then everything that was
 * written or shown is searched.
 */
export async function canary({ short, say }: MeasureOptions): Promise<Measured> {
  const rounds = short ? 1 : 4;
  const scene = await openScene({ latency: '20:200' });
  try {
    await scene.fleet({ size: PROCESSES, env: { LOG_LEVEL: 'trace' } });
    const [appId = ''] = scene.appIds;
    const canaries = new Set([SECRET]);
    const load = startLoad({ ...scene, perSecond: PER_SECOND });
    for (let round = 0; round < rounds; round += 1) {
      const token = await currentToken(scene);
      await sendTrouble(scene, token);
      await delay(6000);
      await scene.wechat.control('DELETE', 'faults');
      await tokenTrouble(scene);
      await scene.wechat.control('POST', 'tokens', { appId, action: 'revoke', mode: 'replaced' });
      await delay(5000);
      await scene.wechat.control('DELETE', 'faults');
      for (const one of [token, await currentToken(scene)]) canaries.add(one);
      say(`round ${round + 1} of ${rounds}, ${canaries.size} canaries`);
    }
    await load.stop();
    const metrics = await metricsOf(scene);
    const [someId = ''] = messageIdsOf(load).values();
    const places = {
      logs: await logsOf(scene),
      metrics,
      cli: await cliOutput(scene, someId),
      redis: await redisFile(scene),
    };
    const reckoning = await reckon(scene, messageIdsOf(load), { timeoutMs: 30_000 });
    const hits = Object.entries(places).flatMap(([place, text]) =>
      [...canaries].filter((canary) => text.includes(canary)).map(() => place),
    );
    const bytes = Object.entries(places).map(([place, text]) => [place, text.length] as const);
    const empty = bytes.filter(([, length]) => length < 500);
    return {
      name: 'canary',
      promise: 'P17',
      target: 'secret and tokens in logs, Redis, CLI, metrics: 0 hits',
      measured: `${hits.length} hits of ${canaries.size} canaries in ${sizes(bytes)}`,
      held: hits.length === 0 && empty.length === 0 && canaries.size > rounds,
      details: { hits, canaries: canaries.size, bytes: Object.fromEntries(bytes), reckoning },
    };
  } finally {
    await scene.close();
  }
}

/** Every way in which a send fails; WeChat's texts quote the token they were asked with. */
async function sendTrouble({ wechat }: Scene, token: string): Promise<void> {
  const quoted = `access_token=${token} "${token}" ${token}`;
  const replies = [
    { kind: 'reset' },
    { kind: 'cut' },
    { kind: 'truncated' },
    { kind: 'bad-gateway' },
    { kind: 'redirect', location: `http://127.0.0.1:9/?access_token=${token}` },
    { kind: 'errcode', errcode: -1, errmsg: quoted },
    { kind: 'errcode', errcode: 43004, errmsg: quoted },
    { kind: 'errcode', errcode: 99_999, errmsg: quoted },
  ];
  for (const reply of replies) {
    const path = SEND_PATHS.template;
    await armFault(wechat, { path, accept: false, reply, probability: 0.3, count: 15 });
  }
}

/** The token endpoint fails, and its text quotes the secret. */
async function tokenTrouble({ wechat }: Scene): Promise<void> {
  const errmsg = `invalid appsecret ${SECRET}, secret=${SECRET} "${SECRET}"`;
  const reply = { kind: 'errcode', errcode: -1, errmsg };
  await armFault(wechat, { path: TOKEN_PATH, accept: false, reply, count: 1 });
}

/** The token that workers have now: a normal call hands out the same one. */
async function currentToken({ wechat, appIds }: Scene): Promise<string> {
  const response = await fetch(`${wechat.url}${TOKEN_PATH}`, {
    method: 'POST',
    body: JSON.stringify({ grant_type: 'client_credential', appid: appIds[0], secret: SECRET }),
  });
  return z.object({ access_token: z.string() }).parse(await response.json()).access_token;
}

async function logsOf(scene: Scene): Promise<string> {
  const files = await readdir(scene.dir, { recursive: true });
  const logs = files.filter((file) => file.endsWith('.log'));
  const texts = await Promise.all(logs.map((file) => readFile(path.join(scene.dir, file), 'utf8')));
  return texts.join('\n');
}

async function metricsOf(scene: Scene): Promise<string> {
  const ready = (await logsOf(scene)).split('\n').filter((line) => line.includes('"msg":"ready"'));
  const texts = ready.map(async (line) => {
    const { port } = z.object({ port: z.number() }).parse(JSON.parse(line));
    return (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  });
  return (await Promise.all(texts)).join('\n');
}

/** What an operator sees. */
async function cliOutput(scene: Scene, messageId: string): Promise<string> {
  const [home = ''] = await readdir(scene.dir);
  const env = {
    REDIS_URL: scene.redisUrl,
    COURIER_ACCOUNTS_FILE: path.join(scene.dir, home, 'accounts.json'),
    LOG_LEVEL: 'trace',
  };
  const commands = [
    ['queues'],
    ['queues', '--json'],
    ['dead-letters', 'list'],
    ['dead-letters', 'list', '--json', '--limit', '10000'],
    ['status', messageId],
    ['status', messageId, '--json'],
  ];
  const texts: string[] = [];
  for (const args of commands) {
    const command = startProcess('dist/cli/main.js', { args, env });
    await command.exited;
    texts.push(...command.stdout, ...command.stderr);
  }
  return texts.join('\n');
}

/** Redis' append-only file: every value that was ever written, deleted ones included. */
async function redisFile({ admin }: Scene): Promise<string> {
  const answer = await admin.call('CONFIG', 'GET', 'dir');
  const dir = Array.isArray(answer) ? String(answer[1]) : '';
  const folder = path.join(dir, 'appendonlydir');
  const files = await readdir(folder);
  const texts = await Promise.all(files.map((file) => readFile(path.join(folder, file), 'latin1')));
  return texts.join('\n');
}

function sizes(bytes: readonly (readonly [string, number])[]): string {
  return bytes.map(([place, length]) => `${place} ${Math.ceil(length / 1024)} KB`).join(', ');
}
