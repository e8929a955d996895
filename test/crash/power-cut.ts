import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { createProducer, type Producer } from '../../src/producer/index.ts';
import { accountKeys, laneName, lanePrefix } from '../../src/shared/keys.ts';
import { parseMessageId } from '../../src/shared/message/message-id.ts';
import { KINDS, type Kind } from '../../src/shared/outcome.ts';
import { createSimulator, type Judgement, type Simulator } from '../../src/simulator/build.ts';
import { createRestartableRedis, type RestartableRedis } from '../helpers/restartable-redis.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { watchAppendOnlyFile } from './append-only-file.ts';
import { startVictim } from './victim.ts';

/** What `appendfsync` Redis ran with. */
export const FSYNCS = ['everysec', 'always'] as const;
export type Fsync = (typeof FSYNCS)[number];

/** What a power cut under load cost. */
export interface PowerCut {
  readonly fsync: Fsync;
  readonly acknowledged: number;
  /** Acknowledged in the time whose writes the cut took: the most that may be lost. */
  readonly acknowledgedWithin: number;
  /** How much of the append-only file the cut took. */
  readonly cutBytes: number;
  readonly cutMs: number;
  /** Acknowledged, and nothing of them is left in Redis. */
  readonly lost: number;
  /** Of the lost ones: those that the recipient has. */
  readonly lostButTaken: number;
  /** The ledger knows them, their job is gone. */
  readonly orphaned: number;
  /** How the others ended. */
  readonly ended: Readonly<Record<string, number>>;
  readonly templatesDoubled: number;
  /** Templates that were posted again and that WeChat took out. */
  readonly templatesAbsorbed: number;
  /** Customer-service messages that recipients saw again: their sending was forgotten. */
  readonly customsDoubled: number;
}

const APP_ID = 'wxpowercut00000001';
const SECRET = 'secret-of-power-cut';
/** Of load before the cut. */
const LOAD_MS = 5000;
/** No caller goes on for longer after it. */
const GIVE_UP_MS = 5000;
/** Envelopes in one call, calls at a time. */
const BATCH = 5;
const CALLS = 4;
const DRAIN_MS = 180_000;
const PAGE = 10_000;

/**
 * Enqueues under load while a worker sends, kills Redis and takes away what a power cut would have
 * taken: with `everysec` the last second of the file, with `always` what was written after the
 * last acknowledgement. Then Redis starts again and the worker goes on.
 */
export async function cutPower(fsync: Fsync): Promise<PowerCut> {
  const dir = await mkdtemp(path.join(tmpdir(), 'courier-power-cut-'));
  const redis = await createRestartableRedis({
    dir,
    appendfsync: fsync,
    'auto-aof-rewrite-percentage': '0',
  });
  const simulator = createSimulator({ settings: { textPlainRate: 0 } });
  const { url: apiBase } = await simulator.start();
  const accountsFile = path.join(dir, 'accounts.json');
  const rate = { template: { perSecond: 200 }, custom: { perSecond: 200 } };
  const account = { appId: APP_ID, secret: SECRET, apiBase, rate };
  await writeFile(accountsFile, JSON.stringify({ accounts: [account] }));
  await redis.start();
  const worker = startVictim({
    entry: 'dist/worker/main.js',
    env: {
      REDIS_URL: redis.url,
      COURIER_ACCOUNTS_FILE: accountsFile,
      COURIER_METRICS_PORT: '0',
    },
    file: path.join(dir, 'worker'),
  });
  try {
    await waitFor(async () => (await worker.output()).includes('"msg":"ready"'), {
      timeoutMs: 60_000,
      what: 'the worker to be ready',
    });
    const cut = await loadAndCut(redis, dir, fsync);
    const taken = () => takenBy(simulator);
    const rest = await drain(redis.url, cut.acknowledged, taken);
    return {
      fsync,
      acknowledged: cut.acknowledged.length,
      acknowledgedWithin: cut.acknowledgedWithin,
      cutBytes: cut.bytes,
      cutMs: Math.round(cut.ms),
      ...rest,
      ...repeats(simulator.judge()),
    };
  } finally {
    await worker.kill();
    await simulator.stop();
    await redis.remove();
    await rm(dir, { recursive: true, force: true });
  }
}

interface Acknowledged {
  readonly messageId: string;
  readonly openid: string;
  readonly at: number;
}

interface Cut {
  readonly acknowledged: readonly Acknowledged[];
  readonly acknowledgedWithin: number;
  readonly bytes: number;
  readonly ms: number;
}

async function loadAndCut(redis: RestartableRedis, dir: string, fsync: Fsync): Promise<Cut> {
  const acknowledged: Acknowledged[] = [];
  const producer = createProducer({ redisUrl: redis.url, accounts: [{ appId: APP_ID }] });
  const file = await watchAppendOnlyFile(dir);
  const load = enqueueFor(producer, performance.now() + LOAD_MS + GIVE_UP_MS, acknowledged);
  await Promise.race([load, delay(LOAD_MS)]);
  const at = performance.now();
  await redis.end('SIGKILL');
  await load;
  await producer.close();
  file.stopLooking();
  const lastAt = acknowledged.at(-1)?.at ?? 0;
  const kept = fsync === 'everysec' ? file.lookAt(at - 1000) : file.lookAfter(lastAt);
  await file.cutTo(kept.size);
  await redis.start();
  return {
    acknowledged,
    acknowledgedWithin: acknowledged.filter((one) => one.at > kept.at).length,
    bytes: file.lookAt(Number.POSITIVE_INFINITY).size - kept.size,
    ms: at - kept.at,
  };
}

/** Enqueues until Redis is gone or time is up. */
async function enqueueFor(
  producer: Producer,
  until: number,
  acknowledged: Acknowledged[],
): Promise<void> {
  let number = 0;
  async function caller(): Promise<void> {
    while (performance.now() < until) {
      const envelopes = Array.from({ length: BATCH }, () => envelope((number += 1)));
      const results = await producer.enqueueMany(envelopes);
      const at = performance.now();
      for (const [index, result] of results.entries()) {
        if (result.status === 'rejected') {
          if (result.code === 'ERR_QUEUE_UNAVAILABLE') return;
          throw new Error(`an envelope was refused: ${result.code} ${result.message}`);
        }
        const openid = envelopes[index]?.message.touser ?? '';
        acknowledged.push({ messageId: result.messageId, openid, at });
      }
    }
  }
  await Promise.all(Array.from({ length: CALLS }, caller));
}

function envelope(number: number) {
  const kind: Kind = number % 2 === 0 ? 'template' : 'custom';
  const touser = `o-recipient-${String(number).padStart(10, '0')}`;
  const message =
    kind === 'custom'
      ? { touser, msgtype: 'text', text: { content: `message ${number}` } }
      : {
          touser,
          template_id: 'ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY',
          data: { thing1: { value: '巧克力' } },
        };
  return { appId: APP_ID, kind, id: `order-${number}`, message };
}

const ENDS = ['sent', 'unknown', 'dead'];

/** Waits until no lane has work left, and counts what became of the acknowledged messages. */
async function drain(
  redisUrl: string,
  acknowledged: readonly Acknowledged[],
  taken: () => ReadonlySet<string>,
): Promise<Pick<PowerCut, 'lost' | 'lostButTaken' | 'orphaned' | 'ended'>> {
  const client = new Redis(redisUrl, { maxRetriesPerRequest: null });
  const keys = accountKeys(APP_ID);
  const states = async () => {
    const pipeline = client.pipeline();
    for (const { messageId } of acknowledged) {
      pipeline.hget(keys.ledger(parseMessageId(messageId)?.key ?? ''), 'st');
    }
    return ((await pipeline.exec()) ?? []).map(([, state]) =>
      typeof state === 'string' ? state : 'lost',
    );
  };
  try {
    const deadline = performance.now() + DRAIN_MS;
    while (!(await lanesAreIdle(client))) {
      if (performance.now() > deadline) throw new Error('lanes still have work after 3 minutes');
      await delay(500);
    }
    const seen = await states();
    const ended: Record<string, number> = {};
    for (const state of seen.filter((one) => ENDS.includes(one))) {
      ended[state] = (ended[state] ?? 0) + 1;
    }
    const lost = acknowledged.filter((_, index) => seen[index] === 'lost');
    const has = taken();
    const all = Object.values(ended).reduce((sum, count) => sum + count, 0);
    return {
      lost: lost.length,
      lostButTaken: lost.filter(({ openid }) => has.has(openid)).length,
      orphaned: seen.length - lost.length - all,
      ended,
    };
  } finally {
    client.disconnect();
  }
}

async function lanesAreIdle(client: Redis): Promise<boolean> {
  const counts = KINDS.flatMap((kind) => {
    const lane = `${lanePrefix(APP_ID)}:${laneName(APP_ID, kind)}`;
    return [
      client.llen(`${lane}:wait`),
      client.llen(`${lane}:active`),
      client.zcard(`${lane}:delayed`),
    ];
  });
  return (await Promise.all(counts)).every((count) => count === 0);
}

/** Everybody who got a message: each has one of their own. */
function takenBy(simulator: Simulator): Set<string> {
  const taken = new Set<string>();
  for (let since = 0; ;) {
    const { json } = simulator.control('GET', `/_control/record?since=${since}&limit=${PAGE}`);
    const page = json as { entries: { openid: string }[]; next: number };
    for (const { openid } of page.entries) taken.add(openid);
    if (page.entries.length < PAGE) return taken;
    since = page.next;
  }
}

function repeats({ template, custom }: Judgement) {
  return {
    templatesDoubled: template.duplicates,
    templatesAbsorbed: template.absorbed,
    customsDoubled: custom.duplicates,
  };
}
