import { Command, Option } from 'commander';
import type { DeadLetterFilter, DeadReason } from '../producer/index.ts';
import { DEAD_REASONS } from '../shared/outcome.ts';
import { parseErrcode } from './commands/explain.ts';
import { parsePast } from './moment.ts';
import { UsageError } from './usage-error.ts';

/** Which dead letters are meant, as flags. */
export interface FilterFlags {
  readonly app?: string;
  readonly reason?: DeadReason;
  readonly errcode?: number;
  readonly since?: number;
}

export interface SelectionFlags extends FilterFlags {
  readonly all?: boolean;
}

export function addFilterFlags(command: Command): Command {
  return command
    .option('--app <appId>', 'of this account')
    .addOption(new Option('--reason <reason>', 'that died of this').choices(DEAD_REASONS))
    .option('--errcode <errcode>', 'that WeChat refused with this code', parseErrcode)
    .option(
      '--since <time>',
      'that died since: 2h, 3d or 2026-12-01T09:00 (local, or with +08:00)',
      parsePast,
    );
}

export function filterOf({ app, reason, errcode, since }: FilterFlags): DeadLetterFilter {
  return {
    ...(app !== undefined && { appId: app }),
    ...(reason !== undefined && { reason }),
    ...(errcode !== undefined && { errcode }),
    ...(since !== undefined && { since }),
  };
}

/**
 * Either message ids, or a filter, or everything: never everything by accident.
 *
 * @throws UsageError
 */
export function checkSelection(messageIds: readonly string[], flags: SelectionFlags): void {
  const hasFilter = Object.keys(filterOf(flags)).length > 0;
  const expected = 'Expected message ids, or --all, or --app, --reason, --errcode, --since';
  if (messageIds.length === 0 && !hasFilter && !flags.all) {
    throw new UsageError(`${expected}; got nothing that says which dead letters are meant.`);
  }
  if (messageIds.length > 0 && (hasFilter || flags.all)) {
    throw new UsageError(`${expected}; got message ids and flags at once.`);
  }
}
