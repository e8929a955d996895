/** Tells an outage of WeChat from single mishaps, by what one process sees of one lane. */
export interface OutageWatch {
  /** Counts one request: did WeChat answer? True if this one makes it an outage. */
  saw(answered: boolean): boolean;
}

const WINDOW_MS = 20_000;
const BUCKETS = 10;
const BUCKET_MS = WINDOW_MS / BUCKETS;
/** Fewer requests say nothing. */
const LEAST = 20;
const SHARE = 0.5;

interface Bucket {
  number: number;
  answered: number;
  silent: number;
}

/**
 * An outage is when of at least 20 requests in 20 seconds half or more got no usable answer.
 * Without this every customer-service message of an outage would end as unknown.
 */
export function createOutageWatch(monotonic: () => number): OutageWatch {
  let buckets: Bucket[] = [];
  return {
    saw(answered) {
      const number = Math.floor(monotonic() / BUCKET_MS);
      let bucket = buckets.at(-1);
      if (bucket?.number !== number) {
        buckets = buckets.filter((one) => one.number > number - BUCKETS);
        bucket = { number, answered: 0, silent: 0 };
        buckets.push(bucket);
      }
      if (answered) bucket.answered += 1;
      else bucket.silent += 1;
      if (answered || !isOutage(buckets)) return false;
      // It is acted upon; what comes after the lane has slept is judged anew.
      buckets = [];
      return true;
    },
  };
}

function isOutage(buckets: readonly Bucket[]): boolean {
  const silent = buckets.reduce((sum, bucket) => sum + bucket.silent, 0);
  const total = buckets.reduce((sum, bucket) => sum + bucket.answered, silent);
  return total >= LEAST && silent >= total * SHARE;
}
