import { createHmac, randomBytes } from 'node:crypto';
import { messageOf } from '../../shared/errors.ts';
import type { Service } from '../../shared/lifecycle.ts';
import type { Logger } from '../../shared/logger.ts';
import { stampOf } from '../../shared/private-file.ts';
import { isPasswordOf, NOBODY, type User } from './user.ts';
import { readUsers } from './users-file.ts';

/** The users that may log in now. */
export interface UserRing extends Service {
  readonly size: number;
  /** The user as of now; null once it was removed. */
  find(name: string): User | null;
  /** Null for a wrong name or password, after the same time. */
  verify(name: string, password: string): Promise<User | null>;
}

/** A removal must hold within 5 s. */
const LOOK_INTERVAL_MS = 1000;
/** A password that was right is not derived again for every request of HTTP Basic. */
const REMEMBERED_MS = 5 * 60_000;

/**
 * Users of a file that is looked at every second. A file that somebody broke leaves them as they
 * were; a file that is gone leaves none but `extra`.
 *
 * @throws CourierError `ERR_CONFIG` if the file is broken at the start
 */
export function createUserRing(
  path: string,
  deps: { readonly now: () => number; readonly logger: Logger; readonly extra: readonly User[] },
): UserRing {
  const { now, logger, extra } = deps;
  const secret = randomBytes(32);
  const remembered = new Map<string, number>();
  // The stamp first: what changes in between is read again.
  let seen = stampOf(path);
  let users = usersOf(path, extra);
  let refused = '';
  let timer: NodeJS.Timeout | undefined;

  function look(): void {
    for (const [known, until] of remembered) if (until <= now()) remembered.delete(known);
    const stamp = stampOf(path);
    if (stamp === seen) return;
    try {
      users = usersOf(path, extra);
      seen = stamp;
      remembered.clear();
      logger.info({ users: users.size }, 'users read');
    } catch (error) {
      // Tried again at the next look, said once.
      if (refused === stamp) return;
      refused = stamp;
      logger.error({ code: 'ERR_CONFIG', detail: messageOf(error) }, 'users file not taken');
    }
  }

  return {
    name: 'users',
    get size() {
      return users.size;
    },
    find: (name) => users.get(name) ?? null,
    async verify(name, password) {
      const mark = createHmac('sha256', secret).update(`${name}\0${password}`).digest('base64url');
      const user = users.get(name);
      if (user && (remembered.get(mark) ?? 0) > now()) return user;
      const isRight = await isPasswordOf(user ?? NOBODY, password);
      // Removed or changed while its password was derived: then it is not this user any more.
      if (!user || !isRight || users.get(name) !== user) return null;
      remembered.set(mark, now() + REMEMBERED_MS);
      return user;
    },
    start() {
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

function usersOf(path: string, extra: readonly User[]): ReadonlyMap<string, User> {
  return new Map([...extra, ...readUsers(path)].map((user) => [user.name, user]));
}
