import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { openOutbox, hopeless } from '../../outbox/open-outbox.ts';
import type { Backlog, Outbox, RejectedRow } from '../../outbox/outbox.ts';
import { CourierError, messageOf } from '../../shared/errors.ts';
import { redactUrl } from '../../shared/redis-url.ts';
import { answering, withExamples } from '../answer.ts';
import { readConfig } from '../connection.ts';
import { shownTime } from '../moment.ts';
import { parseCount } from '../count.ts';
import { renderFields, renderTable } from '../table.ts';
import { UsageError } from '../usage-error.ts';

export function outboxCommand(): Command {
  const command = new Command('outbox')
    .description('print the table for a transactional outbox, look after the rows in it')
    .addCommand(tableCommand())
    .addCommand(showCommand())
    .addCommand(retryCommand());
  return withExamples(
    command,
    'courier outbox table --for postgresql | psql "$COURIER_OUTBOX_URL"',
    'courier outbox show',
    'courier outbox retry --all',
  );
}

function tableCommand(): Command {
  const command = new Command('table')
    .description('print the statements that create the table')
    .addOption(
      new Option('--for <database>', 'which database')
        .choices(['postgresql', 'mysql'])
        .makeOptionMandatory(),
    );
  withExamples(command, 'courier outbox table --for postgresql | psql "$COURIER_OUTBOX_URL"');
  return answering(command, async (flags: { for: string }) => {
    const file = new URL(`../../outbox/tables/${flags.for}.sql`, import.meta.url);
    const sql = named(readFileSync(file, 'utf8').trimEnd(), readConfig().outboxTable);
    return await Promise.resolve({ json: { sql }, text: sql });
  });
}

/** The schema goes with the table; indexes and constraints have no schema of their own. */
function named(sql: string, table: string): string {
  const bare = table.slice(table.indexOf('.') + 1);
  return sql.replaceAll(/courier_outbox(?=_)/g, bare).replaceAll(/courier_outbox(?!_)/g, table);
}

function showCommand(): Command {
  const command = new Command('show')
    .description('show how many rows wait and for how long, and those the relay rejected')
    .option('--limit <count>', 'at most so many rejected rows', parseCount, 100);
  withExamples(command, 'courier outbox show --json');
  return answering(command, async ({ limit }: { limit: number }) =>
    withOutbox(async (outbox) => {
      const [backlog, rejected] = [await outbox.backlog(), await outbox.rejected(limit)];
      return { json: { ...backlog, rows: rejected }, text: shown(backlog, rejected) };
    }),
  );
}

function shown({ waiting, lagSeconds, rejected }: Backlog, rows: readonly RejectedRow[]): string {
  const fields = renderFields([
    ['waiting', waiting === 0 ? '0' : `${waiting}, the oldest for ${lagSeconds.toFixed(1)} s`],
    ['rejected', String(rejected)],
  ]);
  if (rows.length === 0) return fields;
  const columns = ['row', 'rejected', 'code', 'reason'].map((title) => ({ title }));
  const lines = rows.map(({ rowId, rejectedAt, code, reason }) => [
    rowId,
    shownTime(rejectedAt),
    code,
    reason,
  ]);
  return `${fields}\n\n${renderTable(columns, lines)}`;
}

function retryCommand(): Command {
  const command = new Command('retry')
    .description('let rejected rows be tried again, after you repaired what was wrong')
    .argument('[row...]', 'as show prints them')
    .option('--all', 'every rejected row');
  withExamples(command, 'courier outbox retry 17 23', 'courier outbox retry --all');
  return answering(command, async (rows: string[], { all = false }: { all?: boolean }) => {
    if (all === rows.length > 0) throw new UsageError('Expected row numbers, or --all.');
    const wrong = rows.find((row) => !/^\d{1,19}$/.test(row));
    if (wrong !== undefined) {
      throw new UsageError(`Expected the number of a row, got "${wrong.slice(0, 40)}".`);
    }
    return await withOutbox(async (outbox) => {
      const retried = await outbox.retry(all ? 'all' : [...new Set(rows)]);
      const missing = all ? 0 : new Set(rows).size - retried;
      const note = missing > 0 ? `; ${missing} of those named are not rejected` : '';
      return {
        json: { retried, missing },
        text: `${retried} wait again${note}`,
        exitCode: missing === 0 ? 0 : 1,
      };
    });
  });
}

/** @throws CourierError `ERR_CONFIG` for a database that does not answer */
async function withOutbox<Result>(work: (outbox: Outbox) => Promise<Result>): Promise<Result> {
  const config = readConfig();
  const outbox = await openOutbox(config);
  try {
    return await work(outbox);
  } catch (error) {
    throw (
      hopeless(error) ??
      new CourierError(
        'ERR_CONFIG',
        `Expected the database at ${redactUrl(config.outboxUrl ?? '')} to answer, got: ` +
          `${messageOf(error) || String(Object(error).code)}. Check COURIER_OUTBOX_URL and that the database runs.`,
        { cause: error },
      )
    );
  } finally {
    await outbox.close();
  }
}
