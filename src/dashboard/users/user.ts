import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { z } from 'zod';

/** A viewer looks; an operator repairs. */
export const ROLES = ['viewer', 'operator'] as const;
export type UserRole = (typeof ROLES)[number];

/** A user as it is kept: enough to check a password, too little to know it. */
export interface User {
  readonly name: string;
  readonly role: UserRole;
  /** ISO 8601. */
  readonly createdAt: string;
  /** Base64url. */
  readonly salt: string;
  /** Base64url of 32 bytes of scrypt. */
  readonly hash: string;
}

/** As in the users file. */
export const userSchema = z.strictObject({
  name: z.string().regex(/^[\p{L}\p{N}._@-]{1,64}$/u),
  role: z.enum(ROLES),
  createdAt: z.string(),
  salt: z.string().min(16),
  hash: z.string().length(43),
});

export const PASSWORD_LENGTH = { least: 12, most: 256 };

const derive = promisify<string, Buffer, number, object, Buffer>(scrypt);
/** OWASP's first choice for scrypt without parallelism: 64 MB and about 0.2 s a guess. */
const COST = { N: 2 ** 16, r: 8, p: 1, maxmem: 128 * 1024 * 1024 };
const HASH_BYTES = 32;

/** Salts and hashes a password; the password is in no result. */
export async function newUser(
  { name, role }: Pick<User, 'name' | 'role'>,
  password: string,
  now: () => number,
): Promise<User> {
  const salt = randomBytes(16);
  const hash = await derive(password, salt, HASH_BYTES, COST);
  return {
    name,
    role,
    createdAt: new Date(now()).toISOString(),
    salt: salt.toString('base64url'),
    hash: hash.toString('base64url'),
  };
}

/** Takes the same time whatever is wrong. */
export async function isPasswordOf(
  user: Pick<User, 'salt' | 'hash'>,
  password: string,
): Promise<boolean> {
  const given = await derive(password, Buffer.from(user.salt, 'base64url'), HASH_BYTES, COST);
  return timingSafeEqual(given, Buffer.from(user.hash, 'base64url'));
}

/** Compared with when there is no such user, so that names cannot be guessed by the clock. */
export const NOBODY = { salt: 'nobody-has-this-salt-', hash: 'A'.repeat(43) };
