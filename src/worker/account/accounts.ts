import { readFileSync } from 'node:fs';
import { type Account, loadAccountsFile } from '../../shared/accounts.ts';
import type { DeadLetter } from '../../shared/dead-letter.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Service } from '../../shared/lifecycle.ts';
import type { Redriven } from '../dead-letter/redrive.ts';
import { every } from '../../shared/every.ts';
import { type AccountDeps, createAccount, type RunningAccount } from './account.ts';

/** Looking is a read of one small file; mounted files announce changes unreliably. */
const LOOK_INTERVAL_MS = 1000;

/** All accounts of the accounts file, kept in step with it while the process runs. */
export interface Accounts extends Service {
  /** Reads the file now, as SIGHUP asks for. A broken file leaves everything as it was. */
  reload(): Promise<void>;
  redrive(letter: DeadLetter): Promise<Redriven>;
}

export function createAccounts(
  deps: AccountDeps,
  file: { readonly path: string; readonly env: NodeJS.ProcessEnv; readonly first: Account[] },
): Accounts {
  const { logger } = deps;
  const running = new Map<string, { account: Account; service: RunningAccount }>();
  let wantedIds: ReadonlySet<string> = new Set();
  let text = readText(file.path);
  let applying: Promise<void> = Promise.resolve();

  async function apply(accounts: readonly Account[]): Promise<void> {
    const wanted = new Map(accounts.map((account) => [account.appId, account]));
    wantedIds = new Set(wanted.keys());
    for (const [appId, { account, service }] of running) {
      if (isSame(account, wanted.get(appId))) continue;
      running.delete(appId);
      await service.stop();
      logger.info({ appId }, wanted.has(appId) ? 'account changed' : 'account removed');
    }
    const missing = accounts.filter(({ appId }) => !running.has(appId));
    // Together: one whose token endpoint is slow must not keep the others waiting.
    const started = await Promise.allSettled(missing.map(start));
    for (const result of started) if (result.status === 'rejected') throw result.reason;
  }

  async function start(account: Account): Promise<void> {
    const service = createAccount(deps, account);
    await service.start();
    running.set(account.appId, { account, service });
  }

  /** One change at a time, however often somebody asks. */
  function reload(): Promise<void> {
    applying = applying.then(async () => {
      try {
        text = readText(file.path);
        await apply(loadAccountsFile(file.path, file.env));
      } catch (error) {
        logger.error({ code: 'ERR_CONFIG', detail: messageOf(error) }, 'accounts file not taken');
      }
    });
    return applying;
  }

  const watch = every('accounts-file', LOOK_INTERVAL_MS, logger, async () => {
    const now = readText(file.path);
    if (now !== null && now !== text) await reload();
  });

  return {
    name: 'accounts',
    async start() {
      // Whoever stops meanwhile waits for it.
      applying = apply(file.first);
      await applying;
      await watch.start();
    },
    async stop() {
      await watch.stop();
      await applying.catch(() => undefined);
      await Promise.all([...running.values()].map(({ service }) => service.stop()));
      running.clear();
    },
    reload,
    async redrive(letter) {
      const found = running.get(letter.appId);
      if (!found) return wantedIds.has(letter.appId) ? 'later' : 'no-account';
      return await found.service.redrive(letter);
    },
  };
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** Secrets do not show in JSON, so they are compared by themselves. */
function isSame(left: Account, right: Account | undefined): boolean {
  if (!right || JSON.stringify(left) !== JSON.stringify(right)) return false;
  const header = (account: Account) =>
    account.tokenSource.kind === 'url' ? account.tokenSource.header?.value.reveal() : undefined;
  return left.secret.equals(right.secret) && header(left) === header(right);
}
