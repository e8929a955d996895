import { CourierError, messageOf } from '../shared/errors.ts';
import { redactUrl } from '../shared/redis-url.ts';
import type { Outbox } from './outbox.ts';

/** The databases there are tables for. */
export type Dialect = 'postgresql' | 'mysql';

const DIALECTS: Readonly<Record<string, Dialect>> = {
  'postgres:': 'postgresql',
  'postgresql:': 'postgresql',
  'mysql:': 'mysql',
  'mariadb:': 'mysql',
};

export interface OutboxSettings {
  /** `COURIER_OUTBOX_URL`. */
  readonly outboxUrl?: string | undefined;
  /** `COURIER_OUTBOX_TABLE`: checked to be a plain name, for it becomes part of statements. */
  readonly outboxTable: string;
}

/**
 * Opens the outbox that is configured; only the driver it needs is loaded. Connects at first use.
 *
 * @throws CourierError `ERR_CONFIG` if there is none, or its URL cannot be one
 */
export async function openOutbox({ outboxUrl, outboxTable }: OutboxSettings): Promise<Outbox> {
  if (outboxUrl === undefined) throw badUrl('nothing');
  try {
    switch (dialectOf(outboxUrl)) {
      case 'postgresql':
        return (await import('./postgres.ts')).openPostgresOutbox(outboxUrl, outboxTable);
      case 'mysql': {
        const url = outboxUrl.replace(/^mariadb:/, 'mysql:');
        return (await import('./mysql.ts')).openMysqlOutbox(url, outboxTable);
      }
      case undefined:
        throw badUrl(redactUrl(outboxUrl));
    }
  } catch (error) {
    // What drivers say of a URL may quote its password.
    throw error instanceof CourierError ? error : badUrl(redactUrl(outboxUrl));
  }
}

function dialectOf(url: string): Dialect | undefined {
  return DIALECTS[/^[a-z]+:/.exec(url)?.[0] ?? ''];
}

function badUrl(got: string): CourierError {
  return new CourierError(
    'ERR_CONFIG',
    'COURIER_OUTBOX_URL: expected postgresql://user:password@host/database or ' +
      `mysql://user:password@host/database, got ${got}.`,
  );
}

/** What does not get better by waiting, by the code of the driver. */
const HOPELESS: Readonly<Record<string, string>> = {
  '28P01': 'correct user and password in COURIER_OUTBOX_URL',
  '28000': 'correct the user in COURIER_OUTBOX_URL, and what it may do',
  '3D000': 'correct the database in COURIER_OUTBOX_URL',
  '42P01': 'create the table: courier outbox table --for postgresql',
  '42703': 'the table has other columns than "courier outbox table --for postgresql" says',
  '42501': 'grant the user SELECT, UPDATE and DELETE on the table',
  ER_ACCESS_DENIED_ERROR: 'correct user and password in COURIER_OUTBOX_URL',
  ER_DBACCESS_DENIED_ERROR: 'grant the user the database of COURIER_OUTBOX_URL',
  ER_BAD_DB_ERROR: 'correct the database in COURIER_OUTBOX_URL',
  ER_NO_SUCH_TABLE: 'create the table: courier outbox table --for mysql',
  ER_BAD_FIELD_ERROR: 'the table has other columns than "courier outbox table --for mysql" says',
  ER_TABLEACCESS_DENIED_ERROR: 'grant the user SELECT, UPDATE and DELETE on the table',
};

/** Trouble that only a person can end, as an error with its remedy; null for what passes. */
export function hopeless(error: unknown): CourierError | null {
  const code = String(Object(error).code);
  const remedy = Object.hasOwn(HOPELESS, code) ? HOPELESS[code] : undefined;
  if (remedy === undefined) return null;
  const text = `Expected an outbox to drain, got ${code}: ${messageOf(error)}. To repair it, ${remedy}.`;
  return new CourierError('ERR_CONFIG', text, { cause: error });
}
