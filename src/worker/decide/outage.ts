/** Tells an outage of WeChat from single mishaps, by what one process sees of one lane. */
export interface OutageWatch {
  /** Counts one request: did WeChat answer? True if this one makes it an outage. */
  saw(answered: boolean): boolean;
}

const WINDOW_MS = 20_000;
const BUCKETS = 10;
const BUCKET_MS = WINDOW_MS / BUCKETS;
/** Fewer requests say nothing; right after an outage, until the first answer, less is enough. */
const LEAST = 20;
const LEAST_AGAIN = 3;
const SHARE = 0.5;

interface Bucket {
  number: number;
  answered: number;
  silent: number;
}

/**
 * An outage is when of at least 20 requests in 20 seconds half or more got no usable answer, and
 * it lasts while after it the first three get none. Without this every customer-service message of an outage would end as unknown.
 */
export function createOutageWatch(monotonic: () => number): OutageWatch {
  let buckets: Bucket[] = [];
  let least = LEAST;
  return {
    saw(answered) {
      const number = Math.floor(monotonic() / BUCKET_MS);
      let bucket = buckets.at(-1);
      if (bucket?.number !== number) {
        buckets = buckets.filter((one) => one.number > number - BUCKETS);
        bucket = { number, answered: 0, silent: 0 };
        buckets.push(bucket);
      }
      if (answered) {
        bucket.answered += 1;
        least = LEAST;
        return false;
      }
      bucket.silent += 1;
      if (!isOutage(buckets, least)) return false;
      // It is acted upon; what comes after the lane has slept is judged anew.
      buckets = [];
      least = LEAST_AGAIN;
      return true;
    },
  };
}

function isOutage(buckets: readonly Bucket[], least: number): boolean {
  const silent = buckets.reduce((sum, bucket) => sum + bucket.silent, 0);
  const total = buckets.reduce((sum, bucket) => sum + bucket.answered, silent);
  return total >= least && silent >= total * SHARE;
}
