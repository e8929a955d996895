import { messageOf } from '../../shared/errors.ts';
import type { Service } from '../../shared/lifecycle.ts';
import type { Logger } from '../../shared/logger.ts';
import { stampOf } from '../../shared/private-file.ts';
import { type ApiKey, isSecretOf, parseKey } from './api-key.ts';
import { readKeys } from './keys-file.ts';

/** The keys that are good now. */
export interface KeyRing extends Service {
  /** The key a caller sent, or null: there is none, it is wrong, or it was revoked. */
  find(plain: string): ApiKey | null;
}

/** A revocation must hold within 5 s. */
const LOOK_INTERVAL_MS = 1000;

/** Compared with when there is no such key, so that an id cannot be guessed by the clock. */
const NOBODY = { salt: 'nobody-has-this-salt', hmac: 'A'.repeat(43) };

/**
 * Keys of a file that is looked at every second. A file that somebody broke leaves the keys as
 * they were; a file that is gone leaves none.
 *
 * @throws CourierError `ERR_CONFIG` if the file is broken at the start
 */
export function createKeyRing(path: string, logger: Logger): KeyRing {
  // The stamp first: what changes in between is read again.
  let seen = stampOf(path);
  let keys = activeKeys(path);
  let refused = '';
  let timer: NodeJS.Timeout | undefined;

  function look(): void {
    const stamp = stampOf(path);
    if (stamp === seen) return;
    try {
      keys = activeKeys(path);
      seen = stamp;
      logger.info({ keys: keys.size }, 'keys read');
    } catch (error) {
      // Tried again at the next look, said once.
      if (refused === stamp) return;
      refused = stamp;
      logger.error({ code: 'ERR_CONFIG', detail: messageOf(error) }, 'keys file not taken');
    }
  }

  return {
    name: 'keys',
    find(plain) {
      const parsed = parseKey(plain);
      if (!parsed) return null;
      const key = keys.get(parsed.id);
      const isRight = isSecretOf(key ?? NOBODY, parsed.secret);
      return key && isRight ? key : null;
    },
    start() {
      if (keys.size === 0) logger.warn({ file: path }, 'no keys yet: courier keys create');
      timer ??= setInterval(look, LOOK_INTERVAL_MS);
      return Promise.resolve();
    },
    stop() {
      clearInterval(timer);
      timer = undefined;
      return Promise.resolve();
    },
  };
}

function activeKeys(path: string): Map<string, ApiKey> {
  const active = readKeys(path).filter(({ revokedAt }) => revokedAt === undefined);
  return new Map(active.map((key) => [key.id, key]));
}
