import { rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { createRestartableRedis, type RestartableRedis } from '../helpers/restartable-redis.ts';
import { type Link, openLink } from './link.ts';
import { startWechat, type Wechat } from './wechat.ts';

/** The account that everything is sent for. */
export const APP_ID = 'wxchaos0123456789';
/** Far above any traffic here, so that no limit hides a mistake. */
const UNLIMITED = 1_000_000_000;
const SEND_PATHS = ['/cgi-bin/message/template/send', '/cgi-bin/message/custom/send'];

/** Everything around the workers of a run: Redis, WeChat, and the lines that lead there. */
export interface Stage {
  /** Logs and account files; removed at the end unless it is kept. */
  readonly dir: string;
  readonly redis: RestartableRedis;
  /** A connection past all links, for looking and for breaking things. */
  readonly admin: Redis;
  readonly wechat: Wechat;
  /** One pair for each worker, by its number. */
  readonly lines: readonly Lines[];
  /** Between the producer and Redis. */
  readonly producerLink: Link;
  /** What the producer connects to. */
  readonly producerUrl: string;
  /** The environment of worker `number`. */
  workerEnv(number: number): Readonly<Record<string, string>>;
  /** Ends everything; with `keep` the folder stays. */
  close(options?: { readonly keep?: boolean }): Promise<void>;
}

/** How one worker reaches the rest of the world. */
export interface Lines {
  readonly redis: Link;
  readonly wechat: Link;
}

export interface StageOptions {
  /** How many workers will be there. */
  readonly workers: number;
  /** Of WeChat's answers: milliseconds, or median and 99th percentile. Default `60:400`. */
  readonly latency?: string;
  /** Sends a second of each lane. Default 2,000. */
  readonly perSecond?: number;
  /** More lines of redis.conf. */
  readonly redis?: Readonly<Record<string, string>>;
}

export async function openStage(options: StageOptions): Promise<Stage> {
  const dir = await mkdtemp(path.join(tmpdir(), 'courier-chaos-'));
  let kept = false;
  const removeAtExit = (): void => {
    if (!kept) rmSync(dir, { recursive: true, force: true });
  };
  process.once('exit', removeAtExit);

  const redis = await createRestartableRedis(options.redis);
  await redis.start();
  const wechat = await startWechat({ latency: options.latency ?? '60:400' });
  await wechat.control('POST', 'accounts', {
    appId: APP_ID,
    quotas: SEND_PATHS.map((each) => ({ path: each, daily: UNLIMITED })),
  });
  const redisPort = Number(new URL(redis.url).port);
  const lines = await Promise.all(
    Array.from({ length: options.workers }, async () => ({
      redis: await openLink({ port: redisPort }),
      wechat: await openLink({ port: wechat.port, nameOf: recipientOf }),
    })),
  );
  await Promise.all(
    lines.map((line, number) =>
      writeFile(accountsFile(dir, number), accountsJson(line.wechat, options.perSecond ?? 2000)),
    ),
  );
  const producerLink = await openLink({ port: redisPort });
  const admin = new Redis(redis.url, { maxRetriesPerRequest: null, retryStrategy: () => 200 });
  admin.on('error', () => undefined);

  return {
    dir,
    redis,
    admin,
    wechat,
    lines,
    producerLink,
    producerUrl: `redis://127.0.0.1:${producerLink.port}/0`,
    workerEnv: (number) => ({
      REDIS_URL: `redis://127.0.0.1:${lines[number]?.redis.port}/0`,
      COURIER_ACCOUNTS_FILE: accountsFile(dir, number),
      COURIER_METRICS_PORT: '0',
    }),
    async close({ keep = false } = {}) {
      kept = keep;
      admin.disconnect();
      const links = [producerLink, ...lines.flatMap((line) => [line.redis, line.wechat])];
      await Promise.all(links.map((link) => link.close()));
      await Promise.all([redis.remove(), wechat.stop()]);
      if (keep) return;
      process.off('exit', removeAtExit);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

function accountsFile(dir: string, number: number): string {
  return path.join(dir, `accounts-${number}.json`);
}

function accountsJson(wechat: Link, perSecond: number): string {
  const account = {
    appId: APP_ID,
    secret: 'chaos-secret-0123456789abcdef012',
    apiBase: `http://127.0.0.1:${wechat.port}`,
    rate: { template: { perSecond }, custom: { perSecond } },
  };
  return JSON.stringify({ accounts: [account] });
}

/** Recipients are all different here, so a request's recipient is its name. */
function recipientOf(chunk: Buffer): string | undefined {
  return /"touser":"([^"]+)"/.exec(chunk.toString('latin1'))?.[1];
}
