import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Redis } from 'ioredis';
import { createProducer, type EnvelopeInput, type Producer } from '../../src/producer/index.ts';
import { accountKeys } from '../../src/shared/keys.ts';
import { deriveMessageId, parseMessageId } from '../../src/shared/message/message-id.ts';
import type { Kind } from '../../src/shared/outcome.ts';
import type { Simulator } from '../../src/simulator/build.ts';

/** Where one trial happens: an account with one message, in a Redis database of its own. */
export interface Site {
  readonly appId: string;
  readonly secret: string;
  /** The recipient; an openid belongs to one account. */
  readonly openid: string;
  readonly apiBase: string;
  /** Holds this site's accounts file and what its processes print. */
  readonly dir: string;
  readonly redis: Redis;
  readonly keys: ReturnType<typeof accountKeys>;
  readonly producer: Producer;
  /** Environment of a worker or a caller of this site. */
  readonly env: Readonly<Record<string, string>>;
  /** The trial's one message; its id is the same whoever enqueues it and how often. */
  readonly messageId: string;
  readonly messageKey: string;
  envelope(kind: Kind): EnvelopeInput;
  /** @throws Error when the simulator refuses the call */
  control<Reply>(method: string, route: string, body?: unknown): Reply;
  close(): Promise<void>;
}

const CALLER_ID = 'order-1';

export interface SiteOptions {
  readonly simulator: Simulator;
  readonly apiBase: string;
  readonly redisUrl: string;
  readonly dir: string;
  /** Names the account and the database. */
  readonly number: number;
}

export async function openSite(options: SiteOptions): Promise<Site> {
  const { simulator, apiBase, number } = options;
  const appId = `wxcrash${String(number).padStart(8, '0')}`;
  const secret = `secret-of-${appId}`;
  const openid = `o-recipient-of-${appId}`;
  const dir = path.join(options.dir, appId);
  await mkdir(dir);
  const accountsFile = path.join(dir, 'accounts.json');
  await writeFile(accountsFile, JSON.stringify({ accounts: [{ appId, secret, apiBase }] }));
  const redisUrl = options.redisUrl.replace(/\/0$/, `/${number}`);
  const redis = new Redis(redisUrl);
  const producer = createProducer({ redisUrl, accounts: [{ appId }] });
  const messageId = deriveMessageId(appId, CALLER_ID);
  function control<Reply>(method: string, route: string, body?: unknown): Reply {
    const { status, json } = simulator.control(method, `/_control/${route}`, body);
    if (status !== 200) throw new Error(`simulator: ${method} ${route}: ${JSON.stringify(json)}`);
    return json as Reply;
  }
  control('POST', 'accounts', { appId, secret });
  return {
    appId,
    secret,
    openid,
    apiBase,
    dir,
    redis,
    keys: accountKeys(appId),
    producer,
    env: {
      REDIS_URL: redisUrl,
      COURIER_ACCOUNTS_FILE: accountsFile,
      COURIER_METRICS_PORT: '0',
    },
    messageId,
    messageKey: parseMessageId(messageId)?.key ?? '',
    envelope: (kind) => ({ appId, kind, id: CALLER_ID, message: messageOf(kind, openid) }),
    control,
    async close() {
      await producer.close();
      redis.disconnect();
    },
  };
}

function messageOf(kind: Kind, openid: string): object {
  if (kind === 'custom') return { touser: openid, msgtype: 'text', text: { content: 'hello' } };
  return {
    touser: openid,
    template_id: 'ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY',
    data: { thing1: { value: '巧克力' } },
  };
}
