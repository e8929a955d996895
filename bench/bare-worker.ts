import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { Pool } from 'undici';
import { BARE_QUEUE, KEEP_COMPLETED } from './bare-queue.ts';

/**
 * The ceiling of this stack: a process that takes jobs and posts them, with a token that never
 * changes, and does nothing else. Arguments: Redis URL, API address, concurrency.
 */
const [redisUrl = '', apiBase = '', concurrency = '1'] = process.argv.slice(2);
const TOKEN = 'bench-token-that-never-changes';

const redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
const pool = new Pool(apiBase, { connections: Number(concurrency) * 2, pipelining: 1 });

const worker = new Worker(
  BARE_QUEUE,
  async (job) => {
    const { body } = await pool.request({
      method: 'POST',
      path: `/cgi-bin/message/template/send?access_token=${TOKEN}`,
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: JSON.stringify(job.data),
    });
    const reply = (await body.json()) as { errcode: number; msgid?: number };
    if (reply.errcode !== 0) throw new Error(`errcode ${reply.errcode}`);
    return reply.msgid;
  },
  {
    connection: redis,
    concurrency: Number(concurrency),
    removeOnComplete: KEEP_COMPLETED,
    skipVersionCheck: true,
  },
);
worker.on('error', (error) => process.stderr.write(`${error.message}\n`));

process.once('SIGTERM', () => {
  void worker
    .close()
    .then(() => pool.close())
    .then(() => redis.disconnect());
});
