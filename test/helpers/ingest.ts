import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { buildIngest, type IngestProcess } from '../../src/ingest/build.ts';
import { type KeyOptions, newApiKey, SCOPES } from '../../src/ingest/keys/api-key.ts';
import { addKey } from '../../src/ingest/keys/keys-file.ts';
import { loadConfig } from '../../src/shared/config.ts';
import { openTracing } from '../../src/shared/tracing/open-tracing.ts';
import type { Shop } from './courier.ts';

/** An answer of the API, read. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: Record<string, unknown>;
  readonly text: string;
}

export interface CallOptions {
  /** Default: the key of everything; null: none. */
  readonly key?: string | null;
  /** Sent as JSON; a string as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A running ingest API with a key for everything. */
export interface TestIngest {
  readonly port: number;
  readonly url: string;
  readonly keysFile: string;
  readonly key: string;
  readonly log: readonly Record<string, unknown>[];
  createKey(options?: Partial<KeyOptions>): Promise<{ id: string; key: string }>;
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  stop(): Promise<void>;
}

/** The ingest API of a shop, in this process; the caller stops it. */
export async function startIngest(
  shop: Shop,
  env: Readonly<Record<string, string>> = {},
): Promise<TestIngest> {
  const keysFile = `${shop.accountsFile}.keys.json`;
  const createKey = async (options: Partial<KeyOptions> = {}) => {
    const name = options.name ?? `caller-${randomBytes(4).toString('hex')}`;
    const deps = { randomBytes, now: Date.now };
    const created = newApiKey({ scopes: SCOPES, appIds: null, ...options, name }, deps);
    await addKey(keysFile, created);
    return { id: created.key.id, key: created.plain };
  };
  const { key } = await createKey();
  const log: Record<string, unknown>[] = [];
  const logger = pino(
    { level: 'debug', formatters: { level: (level) => ({ level }) } },
    { write: (line: string) => void log.push(JSON.parse(line) as Record<string, unknown>) },
  );
  const config = loadConfig({
    REDIS_URL: shop.redisUrl,
    COURIER_ACCOUNTS_FILE: shop.accountsFile,
    COURIER_API_KEYS_FILE: keysFile,
    COURIER_INGEST_PORT: '0',
    COURIER_INGEST_RATE: '100000',
    ...env,
  });
  const tracing = await openTracing(env, 'ingest', { logger, monotonic: () => Date.now() });
  const ingest: IngestProcess = await buildIngest(config, logger, tracing);
  const { port } = await ingest.start();
  const url = `http://127.0.0.1:${port}`;
  return {
    port,
    url,
    keysFile,
    key,
    log,
    createKey,
    call: (method, path, options = {}) => call(url, key, method, path, options),
    async stop() {
      await ingest.stop();
      await tracing.stop(2000);
    },
  };
}

async function call(
  url: string,
  standardKey: string,
  method: string,
  path: string,
  { key = standardKey, body, headers = {} }: CallOptions,
): Promise<Answer> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(key !== null && { authorization: `Bearer ${key}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  const json = isJson ? (JSON.parse(text) as Record<string, unknown>) : {};
  return { status: response.status, headers: response.headers, json, text };
}
