import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import type { Account } from '../../shared/accounts.ts';

/**
 * Seals an access token for its stay in Redis, so that somebody who reads Redis or a backup
 * of it cannot message the account's followers. The key comes from the account's secret, which
 * every worker has and Redis never sees.
 */
export interface TokenSeal {
  seal(token: string): string;
  /** Null for anything that was not sealed with this account's current secret. */
  open(sealed: string): string | null;
}

const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

export function createTokenSeal(
  account: Pick<Account, 'appId' | 'secret'>,
  randomBytes: (size: number) => Uint8Array,
): TokenSeal {
  const { appId, secret } = account;
  const info = 'wechat-courier access token';
  const key = Buffer.from(hkdfSync('sha256', secret.reveal(), appId, info, 32));
  return {
    seal(token) {
      const iv = Buffer.from(randomBytes(IV_BYTES));
      const cipher = createCipheriv(ALGORITHM, key, iv).setAAD(Buffer.from(appId));
      const body = Buffer.concat([cipher.update(token, 'utf8'), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64');
    },
    open(sealed) {
      try {
        const bytes = Buffer.from(sealed, 'base64');
        const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, IV_BYTES))
          .setAAD(Buffer.from(appId))
          .setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
        const body = bytes.subarray(IV_BYTES + TAG_BYTES);
        return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
      } catch {
        return null;
      }
    },
  };
}
