import type { ApiKey, Scope } from './keys/api-key.ts';
import { HttpError } from './problem.ts';

/** @throws HttpError `ERR_FORBIDDEN` unless the key has one of these scopes */
export function requireScope(key: ApiKey, scopes: readonly Scope[]): void {
  if (scopes.some((scope) => key.scopes.includes(scope))) return;
  throw new HttpError(
    'ERR_FORBIDDEN',
    `Expected a key with the scope ${scopes.join(' or ')}, got one with ` +
      `${key.scopes.join(', ') || 'none'} ("${key.name}", ${key.id}).`,
  );
}

/** @throws HttpError `ERR_FORBIDDEN` unless the key may use the account */
export function requireAccount(key: ApiKey, appId: string): void {
  if (mayUse(key, appId)) return;
  throw new HttpError(
    'ERR_FORBIDDEN',
    `Expected an account that this key may use, got ${appId.slice(0, 40)} ("${key.name}", ` +
      `${key.id}). Use another key, or create one with --app.`,
  );
}

export function mayUse({ appIds }: ApiKey, appId: string): boolean {
  return appIds === null || appIds.includes(appId);
}
