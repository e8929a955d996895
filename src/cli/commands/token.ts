import { createHash, randomBytes } from 'node:crypto';
import { Command } from 'commander';
import { type Account, loadAccountsFile } from '../../shared/accounts.ts';
import { systemClock } from '../../shared/clock.ts';
import { CourierError } from '../../shared/errors.ts';
import type { RedisClient } from '../../shared/redis.ts';
import { createTokenSeal } from '../../worker/token/seal.ts';
import { createTokenSource } from '../../worker/token/token-source.ts';
import {
  createTokenStore,
  type SharedToken,
  type TokenStore,
} from '../../worker/token/token-store.ts';
import { type Answer, answering, withExamples } from '../answer.ts';
import { readConfig, withRedis } from '../connection.ts';
import { knownAppIds } from '../known-accounts.ts';
import { shownAge, shownTime } from '../moment.ts';
import { renderFields } from '../table.ts';

export function tokenCommand(): Command {
  const command = new Command('token')
    .description('look at the access token that all workers share, or have it fetched anew')
    .addCommand(showCommand())
    .addCommand(refreshCommand());
  return withExamples(command, 'courier token show wx0123456789abcdef');
}

function showCommand(): Command {
  const command = new Command('show')
    .description('show age, expiry and fingerprint of the token, never the token')
    .argument('<appId>', 'an account of the accounts file');
  withExamples(command, 'courier token show wx0123456789abcdef --json');
  return answering(command, (appId: string) =>
    withStore(appId, async (store) => {
      const { generation, current } = await store.read();
      return !current && generation !== '0'
        ? sealedAnswer(appId, generation)
        : tokenAnswer(appId, current);
    }),
  );
}

function refreshCommand(): Command {
  const command = new Command('refresh')
    .description('ask WeChat for the token, and give it to all workers')
    .argument('<appId>', 'an account of the accounts file')
    .option('--force', 'have WeChat replace it (stable_token only, 6 times a day): it leaked');
  withExamples(command, 'courier token refresh wx0123456789abcdef');
  return answering(command, (appId: string, { force = false }: { force?: boolean }) =>
    withStore(appId, async (store, account) => {
      const current = await refreshed(store, account, force);
      return tokenAnswer(appId, current);
    }),
  );
}

/** @throws CourierError `ERR_TOKEN` */
async function refreshed(
  store: TokenStore,
  account: Account,
  force: boolean,
): Promise<SharedToken | null> {
  const source = createTokenSource(account, systemClock);
  if (force && !source.canForce) {
    throw refusal(`its token source is ${account.tokenSource.kind}, which cannot be forced`);
  }
  const { generation } = await store.read();
  if (force && !(await store.bookForcedRefresh(systemClock.now()))) {
    throw refusal('it was forced less than a minute ago, or six times within a day');
  }
  const answer = await source.fetch({ force });
  if (force) await store.confirmForcedRefresh();
  if (answer.kind === 'refused') throw refusal(`${answer.errcode} ${answer.errmsg}`);
  if (answer.kind === 'unavailable') throw refusal(answer.detail);
  const published = await store.publish(answer.fetched, generation, `courier:${process.pid}`);
  return published ?? (await store.read()).current;
}

function refusal(why: string): CourierError {
  return new CourierError(
    'ERR_TOKEN',
    `Expected a new token, got none: ${why}. See: courier doctor.`,
  );
}

/** @throws CourierError `ERR_UNKNOWN_ACCOUNT`, `ERR_CONFIG` */
async function withStore(
  appId: string,
  work: (store: TokenStore, account: Account) => Promise<Answer>,
): Promise<Answer> {
  knownAppIds(appId);
  const accounts = loadAccountsFile(readConfig().accountsFile, process.env);
  const account = accounts.find((one) => one.appId === appId);
  if (!account) throw new Error('unreachable: the account is known');
  return await withRedis(
    (redis: RedisClient) =>
      work(
        createTokenStore(
          redis,
          appId,
          createTokenSeal(account, randomBytes),
          account.tokenSource.kind,
        ),
        account,
      ),
    { asksOthers: true },
  );
}

/** Sealed with the account's secret, so that only who has it can read it. */
function sealedAnswer(appId: string, generation: string): Answer {
  return {
    json: { appId, state: 'sealed', generation: Number(generation) },
    text:
      `${appId} has a token (generation ${generation}), stored under another secret than that of ` +
      'this accounts file. Give this shell the secret that the workers have.',
    exitCode: 1,
  };
}

function tokenAnswer(appId: string, current: SharedToken | null): Answer {
  const now = systemClock.now();
  if (!current) {
    return {
      json: { appId, state: 'none' },
      text: `${appId} has no token yet; its first message fetches one.`,
    };
  }
  const { generation, fetchedAt, expiresAt, token } = current;
  const state = expiresAt <= now ? 'expired' : 'valid';
  const fingerprint = createHash('sha256').update(token).digest('hex').slice(0, 12);
  const ageSeconds = Math.round((now - fetchedAt) / 1000);
  return {
    json: {
      appId,
      state,
      generation: Number(generation),
      ageSeconds,
      fetchedAt,
      expiresAt,
      fingerprint,
    },
    text: renderFields([
      ['account', appId],
      ['state', state],
      ['generation', generation],
      ['fetched', `${shownTime(fetchedAt)} (${shownAge(now - fetchedAt)} ago)`],
      ['expires', shownTime(expiresAt)],
      ['fingerprint', `${fingerprint}  (of its SHA-256)`],
    ]),
  };
}
