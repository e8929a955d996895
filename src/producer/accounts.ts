import { loadAppIds } from '../shared/accounts.ts';

/** Knows which appIds exist; re-reads the accounts file when asked about an unknown one, or for all. */
export interface KnownAccounts {
  has(appId: string): boolean;
  all(): readonly string[];
}

/** A fixed list of accounts, for callers that keep their configuration elsewhere. */
export function fixedAccounts(appIds: readonly string[]): KnownAccounts {
  const known = new Set(appIds);
  return { has: (appId) => known.has(appId), all: () => [...known] };
}

/** The file is read again at most this often. */
const REREAD_INTERVAL_MS = 1000;

/**
 * The accounts of a file.
 * @throws CourierError `ERR_CONFIG` if the file is not valid at the start; later a broken file
 * leaves the accounts as they were
 */
export function accountsOfFile(path: string, monotonic: () => number): KnownAccounts {
  let known = fixedAccounts(loadAppIds(path));
  let readAt = monotonic();
  function reread(): void {
    if (monotonic() - readAt < REREAD_INTERVAL_MS) return;
    readAt = monotonic();
    try {
      known = fixedAccounts(loadAppIds(path));
    } catch {
      // Somebody is editing the file; what was valid stays valid.
    }
  }
  return {
    has(appId) {
      if (!known.has(appId)) reread();
      return known.has(appId);
    },
    all() {
      reread();
      return known.all();
    },
  };
}
