import { type Command, Option } from 'commander';
import type { Kind, UnknownMessage } from '../producer/index.ts';
import { KINDS } from '../shared/outcome.ts';
import { withProducer } from './connection.ts';
import { knownAppIds } from './known-accounts.ts';
import { parsePast } from './moment.ts';

/** Which unknown messages are meant, as flags. */
export interface UnknownFlags {
  readonly app?: string;
  readonly kind?: Kind;
  readonly since?: number;
}

export function addUnknownFlags(command: Command): Command {
  return command
    .option('--app <appId>', 'of this account')
    .addOption(new Option('--kind <kind>', 'of this kind').choices(KINDS))
    .option(
      '--since <time>',
      'unknown since: 2h, 3d or 2026-12-01T09:00 (local, or with +08:00)',
      parsePast,
    );
}

/** Those that die next come first. */
export async function unknownOf(flags: UnknownFlags, limit: number): Promise<UnknownMessage[]> {
  const { app, kind, since } = flags;
  const filter = { ...(kind && { kind }), ...(since !== undefined && { since }), limit };
  const appIds = knownAppIds(app);
  return await withProducer('none', ({ unknown }) => unknown.list({ ...filter, appIds }));
}
