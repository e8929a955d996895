import { loadAppIds } from '../shared/accounts.ts';

/** Knows which appIds exist; re-reads the accounts file when asked about an unknown one. */
export interface KnownAccounts {
  has(appId: string): boolean;
  all(): readonly string[];
}

/** A fixed list of accounts, for callers that keep their configuration elsewhere. */
export function fixedAccounts(appIds: readonly string[]): KnownAccounts {
  const known = new Set(appIds);
  return { has: (appId) => known.has(appId), all: () => [...known] };
}

/** An unknown appId makes the file be read again, at most this often. */
const REREAD_INTERVAL_MS = 1000;

/**
 * The accounts of a file.
 * @throws CourierError `ERR_CONFIG` if the file is not valid at the start; later a broken file
 * leaves the accounts as they were
 */
export function accountsOfFile(path: string, monotonic: () => number): KnownAccounts {
  let known = fixedAccounts(loadAppIds(path));
  let readAt = monotonic();
  return {
    has(appId) {
      if (known.has(appId)) return true;
      if (monotonic() - readAt < REREAD_INTERVAL_MS) return false;
      readAt = monotonic();
      try {
        known = fixedAccounts(loadAppIds(path));
      } catch {
        // Somebody is editing the file; what was valid stays valid.
      }
      return known.has(appId);
    },
    all: () => known.all(),
  };
}
