import { Argument, Command, InvalidArgumentError } from 'commander';
import { isRate, MOST_PER_SECOND } from '../../shared/account-control.ts';
import { type Kind, KINDS } from '../../shared/outcome.ts';
import { answering, withExamples } from '../answer.ts';
import { withAccount } from '../with-account.ts';

/** Gives the rate back to the accounts file. */
const OF_THE_FILE = 'file';

export function rateCommand(): Command {
  const command = new Command('rate')
    .description('set how many messages a second a lane may send, over all workers')
    .argument('<appId>', 'an account of the accounts file')
    .addArgument(new Argument('<kind>', 'which of its lanes').choices(KINDS))
    .argument(
      '<perSecond>',
      `a number above 0, or "${OF_THE_FILE}" for what the accounts file says`,
      parseRate,
    );
  withExamples(
    command,
    'courier rate wx0123456789abcdef template 50',
    `courier rate wx0123456789abcdef template ${OF_THE_FILE}`,
  );
  return answering(command, async (appId: string, kind: Kind, perSecond: number | null) => {
    await withAccount(appId, (account) => account.setRate(kind, perSecond));
    const wanted = perSecond === null ? 'what the accounts file says' : `${perSecond} a second`;
    const text = `Set: ${kind} of ${appId} sends at ${wanted}; running workers follow within 5 seconds.`;
    return { json: { appId, kind, perSecond }, text };
  });
}

function parseRate(text: string): number | null {
  if (text === OF_THE_FILE) return null;
  const perSecond = text.trim() === '' ? NaN : Number(text);
  if (isRate(perSecond)) return perSecond;
  throw new InvalidArgumentError(
    `Expected a number above 0 and at most ${MOST_PER_SECOND}, or "${OF_THE_FILE}".`,
  );
}
