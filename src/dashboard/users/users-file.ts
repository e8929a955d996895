import { z } from 'zod';
import { CourierError } from '../../shared/errors.ts';
import {
  brokenFile,
  changePrivateFile,
  type PrivateFile,
  readPrivateFile,
} from '../../shared/private-file.ts';
import { type User, userSchema } from './user.ts';

const fileSchema = z.strictObject({ users: z.array(userSchema) });

/**
 * The users of the file; none without a file.
 *
 * @throws CourierError `ERR_CONFIG` for a file that is no users file. Its content is never quoted
 */
export function readUsers(path: string): readonly User[] {
  const file = usersFile(path);
  const content = readPrivateFile(file);
  if (content === null) return [];
  const parsed = fileSchema.safeParse(jsonOf(content));
  if (!parsed.success) throw brokenFile(file, 'other content');
  return parsed.data.users;
}

/** @throws CourierError `ERR_USER_EXISTS`, `ERR_CONFIG` */
export async function addUser(path: string, user: User): Promise<void> {
  await change(path, (users) => {
    if (users.some(({ name }) => name === user.name)) {
      throw new CourierError(
        'ERR_USER_EXISTS',
        `Expected the name of a new user, got "${user.name}", who is there already. For another ` +
          'password or role remove the user first.',
      );
    }
    return [...users, user];
  });
}

/** False if there is no such user. */
export async function removeUser(path: string, name: string): Promise<boolean> {
  let removed = false;
  await change(path, (users) => {
    const others = users.filter((user) => user.name !== name);
    removed = others.length < users.length;
    return others;
  });
  return removed;
}

async function change(
  path: string,
  edit: (users: readonly User[]) => readonly User[],
): Promise<void> {
  await changePrivateFile(
    usersFile(path),
    () => `${JSON.stringify({ users: edit(readUsers(path)) }, null, 2)}\n`,
  );
}

function usersFile(path: string): PrivateFile {
  return { path, variable: 'COURIER_DASHBOARD_USERS_FILE', command: 'courier users' };
}

function jsonOf(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return null;
  }
}
