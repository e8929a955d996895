import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { isCourierError } from '../../src/producer/index.ts';
import { Secret } from '../../src/shared/secret.ts';
import { createTokenSeal } from '../../src/worker/token/seal.ts';
import { createTokenStore } from '../../src/worker/token/token-store.ts';
import { isOver, untilOver } from './ending.ts';
import { readBooks } from './observation.ts';
import type { Site } from './site.ts';
import { startVictim } from './victim.ts';

const BURIAL_MS = 120_000;

/** A worker that nothing happens to lists the message as a dead letter; then WeChat would take it. */
export async function buryFirst(site: Site): Promise<void> {
  const file = path.join(site.dir, 'burial');
  const worker = startVictim({ entry: 'dist/worker/main.js', env: site.env, file });
  const books = await untilOver(site, BURIAL_MS);
  await worker.kill();
  if (!isOver(books) || books.record['st'] !== 'dead') {
    throw new Error(`expected a dead letter to begin with, got ${JSON.stringify(books)}`);
  }
  const { appId, openid } = site;
  const recipients = [{ openid, window: 'unlimited' }];
  site.control('POST', 'recipients', { appId, recipients });
}

/**
 * Puts a token that WeChat refuses into Redis. `replaced`: a normal call gives another one.
 * `sticky`: only a forced refresh does.
 */
export async function wearOutToken(site: Site, mode: 'replaced' | 'sticky'): Promise<void> {
  const { appId, secret, apiBase } = site;
  const response = await fetch(`${apiBase}/cgi-bin/stable_token`, {
    method: 'POST',
    body: JSON.stringify({ grant_type: 'client_credential', appid: appId, secret }),
  });
  const { access_token: token } = (await response.json()) as { access_token: string };
  const seal = createTokenSeal({ appId, secret: new Secret(secret) }, randomBytes);
  const fetchedAt = Date.now();
  const fetched = { token, fetchedAt, expiresAt: fetchedAt + 7_200_000 };
  await createTokenStore(site.redis, appId, seal, 'stable_token').publish(fetched, '0', 'prologue');
  site.control('POST', 'tokens', { action: 'revoke', appId, mode });
}

const REPEATS = 10;

/** Repeats a call that a busy machine kept from Redis, as the error says: the id makes it safe. */
export async function insist<Result>(call: () => Promise<Result>): Promise<Result> {
  for (let repeat = 1; ; repeat += 1) {
    try {
      return await call();
    } catch (error) {
      const again = isCourierError(error) && error.code === 'ERR_QUEUE_UNAVAILABLE';
      if (!again || repeat === REPEATS) throw error;
    }
  }
}

/** Somebody asked for the dead letter's redrive; no worker has heard of it yet. */
export async function askForRedrive(site: Site): Promise<void> {
  await insist(() => site.producer.deadLetters.redrive(site.messageId));
  const { deadLetters } = await readBooks(site);
  if (deadLetters.waiting !== 1) {
    throw new Error(`expected one dead letter on its way, got ${JSON.stringify(deadLetters)}`);
  }
}
