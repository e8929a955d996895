import {
  createPool,
  type PoolConnection,
  type ResultSetHeader,
  type RowDataPacket,
} from 'mysql2/promise';
import { CONNECT_MS, IDLE_SECONDS, type Outbox, QUERY_MS, sorted } from './outbox.ts';

type Row = RowDataPacket & { readonly id: string; readonly envelope: unknown };

/** The outbox of a MySQL or MariaDB database. Opens no connection before it is used. */
export function openMysqlOutbox(url: string, table: string): Outbox {
  const pool = createPool({
    uri: url,
    connectionLimit: 2,
    connectTimeout: CONNECT_MS,
    // Ids exceed what a number can hold.
    supportBigNumbers: true,
    bigNumberStrings: true,
    charset: 'utf8mb4',
    timezone: 'Z',
  });
  const timed = (sql: string) => ({ sql, timeout: QUERY_MS });

  async function inTransaction<Result>(work: (connection: PoolConnection) => Promise<Result>) {
    const connection = await pool.getConnection();
    try {
      await connection.query(timed(`SET SESSION wait_timeout = ${IDLE_SECONDS}`));
      // The standard isolation would lock the gaps between rows, where callers insert.
      await connection.query(timed('SET TRANSACTION ISOLATION LEVEL READ COMMITTED'));
      await connection.query(timed('START TRANSACTION'));
      const result = await work(connection);
      await connection.query(timed('COMMIT'));
      connection.release();
      return result;
    } catch (error) {
      // Closing the connection rolls back, whatever state it is in.
      connection.destroy();
      throw error;
    }
  }

  return {
    drain: (limit, handOver) =>
      inTransaction(async (connection) => {
        const [rows] = await connection.query<Row[]>(
          timed(
            `SELECT id, envelope FROM ${table} WHERE rejected_at IS NULL
             ORDER BY id LIMIT ${limit} FOR UPDATE SKIP LOCKED`,
          ),
        );
        if (rows.length === 0) return [];
        const held = rows.map(({ id, envelope }) => ({ rowId: id, envelope: parsed(envelope) }));
        const fates = await handOver(held);
        const { gone, marked } = sorted(held, fates);
        if (gone.length > 0) {
          await connection.query(timed(`DELETE FROM ${table} WHERE id IN (?)`), [gone]);
        }
        for (const { rowId, code, reason } of marked) {
          await connection.query(
            timed(
              `UPDATE ${table} SET rejected_at = CURRENT_TIMESTAMP(3), rejected_code = ?,
               rejected_reason = ? WHERE id = ?`,
            ),
            [code, reason, rowId],
          );
        }
        return fates;
      }),
    async backlog() {
      const [rows] = await pool.query<RowDataPacket[]>(
        timed(
          `SELECT COALESCE(SUM(rejected_at IS NULL), 0) AS waiting, COUNT(rejected_at) AS rejected,
                  TIMESTAMPDIFF(MICROSECOND, MIN(IF(rejected_at IS NULL, created_at, NULL)),
                    CURRENT_TIMESTAMP(3)) / 1e6 AS lag
           FROM ${table}`,
        ),
      );
      const [row] = rows;
      return {
        waiting: Number(row?.['waiting']),
        rejected: Number(row?.['rejected']),
        lagSeconds: Math.max(0, Number(row?.['lag'] ?? 0)),
      };
    },
    async rejected(limit) {
      const [rows] = await pool.query<Row[]>(
        timed(
          `SELECT id, envelope, UNIX_TIMESTAMP(rejected_at) * 1000 AS at, rejected_code AS code,
                  rejected_reason AS reason
           FROM ${table} WHERE rejected_at IS NOT NULL
           ORDER BY rejected_at DESC, id DESC LIMIT ${limit}`,
        ),
      );
      return rows.map(({ id, envelope, at, code, reason }) => ({
        rowId: id,
        envelope: parsed(envelope),
        rejectedAt: Math.round(Number(at)),
        code: String(code),
        reason: String(reason),
      }));
    },
    async retry(rowIds) {
      const chosen = rowIds === 'all' ? '' : 'AND id IN (?)';
      const [{ affectedRows }] = await pool.query<ResultSetHeader>(
        timed(
          `UPDATE ${table} SET rejected_at = NULL, rejected_code = NULL, rejected_reason = NULL
           WHERE rejected_at IS NOT NULL ${chosen}`,
        ),
        [rowIds],
      );
      return affectedRows;
    },
    close: () => pool.end(),
  };
}

/** MySQL has a type for JSON, in MariaDB it is text. */
function parsed(envelope: unknown): unknown {
  if (typeof envelope !== 'string') return envelope;
  try {
    return JSON.parse(envelope);
  } catch {
    return envelope;
  }
}
