import { parseArgs } from 'node:util';
import { type Profile, PROFILES } from './plan.ts';

/** One run. The same options give the same messages and the same plan of faults. */
export interface RunOptions {
  readonly seed: number;
  readonly messages: number;
  /** Over how long messages and faults are spread. */
  readonly seconds: number;
  readonly workers: number;
  readonly profile: Profile;
}

export interface Arguments {
  /** Keep the folder with all logs also after a run that passed. */
  readonly keep: boolean;
  /** The log of a run whose actions are to be done again. */
  readonly replay: string | null;
  readonly run: RunOptions;
}

export const USAGE =
  'npm run chaos -- [--seed N] [--messages N] [--seconds N] [--workers N] ' +
  `[--profile ${PROFILES.join('|')}] [--replay LOG] [--keep]`;

/** About what leaves two cores room for workers that start all the time. */
const MESSAGES_PER_SECOND = 250;
const SHORTEST_SECONDS = 30;

/** @throws Error with one line for arguments that make no sense */
export function parseArguments(args: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string', default: '7' },
      messages: { type: 'string', default: '20000' },
      seconds: { type: 'string' },
      workers: { type: 'string', default: '3' },
      profile: { type: 'string', default: 'all' },
      replay: { type: 'string' },
      keep: { type: 'boolean', default: false },
    },
  });
  const profile = PROFILES.find((known) => known === values.profile);
  if (!profile) {
    throw new Error(`--profile: expected ${PROFILES.join(', ')}, got "${values.profile}"`);
  }
  const messages = integer('messages', values.messages, 1, 10_000_000);
  const usual = Math.max(SHORTEST_SECONDS, Math.ceil(messages / MESSAGES_PER_SECOND));
  return {
    keep: values.keep,
    replay: values.replay ?? null,
    run: {
      seed: integer('seed', values.seed, 0, 2 ** 31),
      messages,
      seconds: integer('seconds', values.seconds ?? String(usual), 1, 86_400),
      workers: integer('workers', values.workers, 1, 64),
      profile,
    },
  };
}

/** The command that does this run again. */
export function commandOf({ seed, messages, seconds, workers, profile }: RunOptions): string {
  return (
    `npm run chaos -- --seed ${seed} --messages ${messages} --seconds ${seconds} ` +
    `--workers ${workers} --profile ${profile}`
  );
}

function integer(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new Error(`--${name}: expected an integer from ${least} to ${most}, got "${text}"`);
}
