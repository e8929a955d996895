import { Command } from 'commander';
import { type Account, loadAccountsFile } from '../../shared/accounts.ts';
import { systemClock } from '../../shared/clock.ts';
import { messageOf } from '../../shared/errors.ts';
import { type Answer, answering, withExamples } from '../answer.ts';
import { readConfig, withRedis } from '../connection.ts';
import { checkLanes, checkToken } from '../doctor/account-checks.ts';
import { readStandings } from '../standing.ts';
import { bad, type Check, good } from '../doctor/check.ts';
import { checkRedis } from '../doctor/redis-checks.ts';
import { type Cell, renderTable } from '../table.ts';

export function doctorCommand(): Command {
  const command = new Command('doctor').description(
    'look for whatever would keep messages from being sent, and say what to do about it',
  );
  withExamples(command, 'courier doctor', 'courier doctor --json');
  return answering(command, examine);
}

async function examine(): Promise<Answer> {
  const [accountsCheck, accounts] = readAccounts();
  const checks = [
    ...(await ofRedis(accounts)),
    accountsCheck,
    ...(await Promise.all(accounts.map(checkToken))),
  ];
  const ok = checks.every((check) => check.ok);
  return { json: { ok, checks }, text: shown(checks), exitCode: ok ? 0 : 1 };
}

/** One that is away is a finding, not a failure: the accounts can be looked at all the same. */
async function ofRedis(accounts: readonly Account[]): Promise<Check[]> {
  const { allowVolatileRedis: allowVolatile } = readConfig();
  try {
    return await withRedis(async (redis) => {
      const reachable = good('redis.reachable', 'it answers');
      const own = await checkRedis(redis, { allowVolatile, now: systemClock.now });
      const standings = await readStandings(
        redis,
        accounts.map(({ appId }) => appId),
      );
      return [reachable, ...own, ...standings.flatMap(checkLanes)];
    });
  } catch (error) {
    return [bad('redis.reachable', messageOf(error), 'Correct REDIS_URL, or start Redis.')];
  }
}

function readAccounts(): [Check, readonly Account[]] {
  const { accountsFile } = readConfig();
  try {
    const accounts = loadAccountsFile(accountsFile, process.env);
    const found = `${accounts.length} in ${accountsFile}`;
    if (accounts.length > 0) return [good('accounts', found), accounts];
    return [bad('accounts', found, 'Add an account: see accounts.example.json.'), []];
  } catch (error) {
    const remedy =
      'Correct the file, or the environment variables it names. Without a file: copy ' +
      'accounts.example.json to it and fill in appId and secret.';
    return [bad('accounts', messageOf(error), remedy), []];
  }
}

function shown(checks: readonly Check[]): string {
  const rows = checks.flatMap(({ name, ok, detail, remedy }): Cell[][] => [
    [ok ? { text: 'ok', style: 'green' } : { text: 'BAD', style: 'red' }, name, detail],
    ...(remedy === undefined ? [] : [['', '', `→ ${remedy}`]]),
  ]);
  const problems = checks.filter((check) => !check.ok).length;
  const last = problems === 0 ? 'All is well.' : `${problems} to mend.`;
  return `${renderTable([{ title: '' }, { title: 'check' }, { title: 'found' }], rows)}\n\n${last}`;
}
