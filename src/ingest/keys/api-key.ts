import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

/** What a key may do: send templates, send customer-service messages, look, operate. */
export const SCOPES = ['send:template', 'send:custom', 'read', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** A key as it is kept: enough to recognise it, too little to use it. */
export interface ApiKey {
  /** The public part, which logs and people use. */
  readonly id: string;
  /** Who calls with it. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** The accounts it may use; null for all. */
  readonly appIds: readonly string[] | null;
  /** ISO 8601. */
  readonly createdAt: string;
  /** ISO 8601; absent while it is good. */
  readonly revokedAt?: string;
  /** Base64url; makes the HMACs of two keys incomparable. */
  readonly salt: string;
  /** Base64url of HMAC-SHA-256(salt, secret part). */
  readonly hmac: string;
}

/** One as it is handed out, once. */
export interface NewApiKey {
  readonly key: ApiKey;
  /** `ck_<id>_<256 random bits>` */
  readonly plain: string;
}

export interface KeyOptions {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly appIds: readonly string[] | null;
}

export interface KeyDeps {
  readonly randomBytes: (size: number) => Uint8Array;
  readonly now: () => number;
}

const text = z.string();

/** As in the keys file. */
export const apiKeySchema = z.strictObject({
  id: text.regex(/^[0-9a-f]{12}$/),
  name: text.min(1).max(64),
  scopes: z.array(z.enum(SCOPES)),
  appIds: z.array(text).nullable(),
  createdAt: text,
  revokedAt: text.optional(),
  salt: text.min(16),
  hmac: text.length(43),
});

const PLAIN = /^ck_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;

/** A key of 256 random bits. The plain form is in the result and nowhere else. */
export function newApiKey(options: KeyOptions, { randomBytes, now }: KeyDeps): NewApiKey {
  const id = Buffer.from(randomBytes(6)).toString('hex');
  const secret = base64url(randomBytes(32));
  const salt = base64url(randomBytes(16));
  const createdAt = new Date(now()).toISOString();
  const key = { id, ...options, createdAt, salt, hmac: hmacOf(salt, secret) };
  return { key, plain: `ck_${id}_${secret}` };
}

/** The parts of what a caller sent; null for what cannot be a key. */
export function parseKey(plain: string): { id: string; secret: string } | null {
  const [, id, secret] = PLAIN.exec(plain) ?? [];
  return id !== undefined && secret !== undefined ? { id, secret } : null;
}

/** Takes the same time whatever is wrong with the secret. */
export function isSecretOf(key: Pick<ApiKey, 'salt' | 'hmac'>, secret: string): boolean {
  return timingSafeEqual(Buffer.from(hmacOf(key.salt, secret)), Buffer.from(key.hmac));
}

function hmacOf(salt: string, secret: string): string {
  return createHmac('sha256', salt).update(secret).digest('base64url');
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
