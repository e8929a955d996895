import { CourierError, isCourierError, messageOf } from '../shared/errors.ts';
import { type RedisClient, waitUntilReady } from '../shared/redis.ts';

/** A caller gets an answer within this time, whatever Redis does. */
export const CALL_DEADLINE_MS = 2300;
/** Of it, at most so long for a connection: many callers at once need the rest to be told. */
const CONNECTION_MS = 1500;

/** A Redis that restarts or fails over is back after seconds. */
const RETRY_AFTER_MS = 1000;

/**
 * Runs one call against Redis within the deadline. Waits for a connection that is still being
 * made; turns every trouble with Redis into `ERR_QUEUE_UNAVAILABLE`.
 *
 * @throws CourierError `ERR_QUEUE_UNAVAILABLE`, or whatever error of ours `call` throws
 */
export async function withinDeadline<Result>(
  redis: RedisClient,
  call: () => Promise<Result>,
): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`Redis did not answer within ${CALL_DEADLINE_MS} ms`)),
      CALL_DEADLINE_MS,
    );
  });
  try {
    const work = waitUntilReady(redis, CONNECTION_MS).then(call);
    return await Promise.race([work, deadline]);
  } catch (error) {
    throw isCourierError(error) ? error : unavailable(error);
  } finally {
    clearTimeout(timer);
  }
}

function unavailable(error: unknown): CourierError {
  return new CourierError(
    'ERR_QUEUE_UNAVAILABLE',
    `Redis did not take the call (${messageOf(error)}). Repeat it with the same id once Redis is ` +
      'back; an id makes the repetition safe.',
    { cause: error, retryAfterMs: RETRY_AFTER_MS },
  );
}
