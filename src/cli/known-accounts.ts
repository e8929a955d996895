import { loadAppIds } from '../shared/accounts.ts';
import { CourierError } from '../shared/errors.ts';
import { readConfig } from './connection.ts';

/**
 * The accounts a command is about: the one that is named, or all. No secret is needed.
 *
 * @throws CourierError `ERR_UNKNOWN_ACCOUNT`: a typing error must not look like an answer
 */
export function knownAppIds(named?: string): string[] {
  const { accountsFile } = readConfig();
  const known = loadAppIds(accountsFile);
  if (named === undefined) return known;
  if (known.includes(named)) return [named];
  throw new CourierError(
    'ERR_UNKNOWN_ACCOUNT',
    `Expected an account of ${accountsFile} (${known.join(', ')}), got "${named.slice(0, 64)}".`,
  );
}
