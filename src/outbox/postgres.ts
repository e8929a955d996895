import { Pool, type PoolClient } from 'pg';
import { CONNECT_MS, IDLE_SECONDS, type Outbox, QUERY_MS, sorted } from './outbox.ts';

interface Row {
  readonly id: string;
  readonly envelope: unknown;
}

/** The outbox of a PostgreSQL database. Opens no connection before it is used. */
export function openPostgresOutbox(url: string, table: string): Outbox {
  const pool = new Pool({
    connectionString: url,
    max: 2,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: QUERY_MS,
    // The server may be gone without a word; then nobody answers.
    query_timeout: QUERY_MS + 1000,
    idle_in_transaction_session_timeout: IDLE_SECONDS * 1000,
    application_name: 'wechat-courier-outbox',
    keepAlive: true,
  });
  // An idle connection broke: the next query opens another one.
  pool.on('error', ignore);

  async function inTransaction<Result>(work: (client: PoolClient) => Promise<Result>) {
    const client = await pool.connect();
    // While it is ours the pool does not listen. What was asked meanwhile is rejected all the same.
    client.on('error', ignore);
    try {
      await client.query('BEGIN');
      const result = await work(client);
      await client.query('COMMIT');
      client.off('error', ignore);
      client.release();
      return result;
    } catch (error) {
      // Closing the connection rolls back, whatever state it is in.
      client.release(true);
      throw error;
    }
  }

  return {
    drain: (limit, handOver) =>
      inTransaction(async (client) => {
        const { rows } = await client.query<Row>(
          `SELECT id, envelope FROM ${table} WHERE rejected_at IS NULL
           ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED`,
          [limit],
        );
        if (rows.length === 0) return [];
        const held = rows.map(({ id, envelope }) => ({ rowId: id, envelope }));
        const fates = await handOver(held);
        const { gone, marked } = sorted(held, fates);
        if (gone.length > 0) {
          await client.query(`DELETE FROM ${table} WHERE id = ANY($1::bigint[])`, [gone]);
        }
        for (const { rowId, code, reason } of marked) {
          await client.query(
            `UPDATE ${table} SET rejected_at = now(), rejected_code = $2, rejected_reason = $3
             WHERE id = $1`,
            [rowId, code, reason],
          );
        }
        return fates;
      }),
    async backlog() {
      const { rows } = await pool.query<{ waiting: string; rejected: string; lag: string | null }>(
        `SELECT count(*) FILTER (WHERE rejected_at IS NULL) AS waiting,
                count(rejected_at) AS rejected,
                extract(epoch FROM clock_timestamp() -
                  min(created_at) FILTER (WHERE rejected_at IS NULL)) AS lag
         FROM ${table}`,
      );
      const [row] = rows;
      return {
        waiting: Number(row?.waiting),
        rejected: Number(row?.rejected),
        lagSeconds: Math.max(0, Number(row?.lag ?? 0)),
      };
    },
    async rejected(limit) {
      const { rows } = await pool.query<Row & { at: Date; code: string; reason: string }>(
        `SELECT id, envelope, rejected_at AS at, rejected_code AS code, rejected_reason AS reason
         FROM ${table} WHERE rejected_at IS NOT NULL ORDER BY rejected_at DESC, id DESC LIMIT $1`,
        [limit],
      );
      return rows.map(({ id, envelope, at, code, reason }) => {
        return { rowId: id, envelope, rejectedAt: at.getTime(), code, reason };
      });
    },
    async retry(rowIds) {
      const { rowCount } = await pool.query(
        `UPDATE ${table} SET rejected_at = NULL, rejected_code = NULL, rejected_reason = NULL
         WHERE rejected_at IS NOT NULL AND ($1::bigint[] IS NULL OR id = ANY($1))`,
        [rowIds === 'all' ? null : rowIds],
      );
      return rowCount ?? 0;
    },
    close: () => pool.end(),
  };
}

/** Its trouble is told by the calls that meet it. */
function ignore(): void {
  return;
}
