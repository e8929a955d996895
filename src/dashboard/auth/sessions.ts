import { createHash, randomBytes } from 'node:crypto';
import type { UserRing } from '../users/user-ring.ts';
import type { User } from '../users/user.ts';

/** Who logged in, and with which password: one of the same name with another is somebody else. */
export type LoggedIn = Pick<User, 'name' | 'hash'>;

/** Who is logged in, by the cookie; kept in this process only. */
export interface Sessions {
  /** @returns the cookie's value: 256 random bits */
  open(user: LoggedIn): string;
  /**
   * Null for a cookie that is unknown or too old.
   *
   * @param by a program in the browser, which asks for ever, keeps no session alive
   */
  find(cookie: string, by: 'person' | 'program'): LoggedIn | null;
  close(cookie: string): void;
}

/** Whose session it is: null once the user is gone, or has another password. */
export function userOfSession(
  { sessions, users }: { readonly sessions: Sessions; readonly users: UserRing },
  cookie: string | undefined,
  by: 'person' | 'program',
): User | null {
  const session = cookie === undefined ? null : sessions.find(cookie, by);
  const user = session && users.find(session.name);
  return user && user.hash === session.hash ? user : null;
}

/** Without a request of a person for so long, and in any case after so long, one has to log in again. */
const IDLE_MS = 60 * 60_000;
const LONGEST_MS = 12 * 60 * 60_000;
const MOST = 10_000;

export function createSessions(now: () => number): Sessions {
  const sessions = new Map<string, { user: LoggedIn; openedAt: number; usedAt: number }>();
  // Not the cookie itself: a look into the memory gives nobody a session.
  const keyOf = (cookie: string) => createHash('sha256').update(cookie).digest('base64url');
  return {
    open({ name, hash }) {
      const cookie = randomBytes(32).toString('base64url');
      sessions.set(keyOf(cookie), { user: { name, hash }, openedAt: now(), usedAt: now() });
      for (const oldest of sessions.keys()) {
        if (sessions.size <= MOST) break;
        sessions.delete(oldest);
      }
      return cookie;
    },
    find(cookie, by) {
      const key = keyOf(cookie);
      const session = sessions.get(key);
      if (!session) return null;
      if (now() - session.usedAt > IDLE_MS || now() - session.openedAt > LONGEST_MS) {
        sessions.delete(key);
        return null;
      }
      if (by === 'person') session.usedAt = now();
      return session.user;
    },
    close: (cookie) => void sessions.delete(keyOf(cookie)),
  };
}
