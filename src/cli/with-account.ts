import { type AccountControl, openAccountControl } from '../shared/account-control.ts';
import { systemClock } from '../shared/clock.ts';
import { withRedis } from './connection.ts';
import { knownAppIds } from './known-accounts.ts';

/**
 * Does something with an account of the accounts file.
 *
 * @throws CourierError `ERR_UNKNOWN_ACCOUNT`
 */
export async function withAccount(
  appId: string,
  work: (account: AccountControl) => Promise<void>,
): Promise<void> {
  knownAppIds(appId);
  await withRedis(async (redis) => {
    const account = openAccountControl(redis, appId, systemClock);
    try {
      await work(account);
    } finally {
      await account.close();
    }
  });
}
