export interface BatchOptions {
  readonly maxSize: number;
  /**
   * While a batch is under way the next one gathers, until that one is back or for so long, so
   * that batches grow with the load. Default 0: the calls of each turn leave at its end.
   */
  readonly gatherMs?: number;
}

/**
 * Gathers the calls of one turn of the event loop into one. Each caller gets its own result;
 * a failure of the joint call is everybody's.
 */
export function batched<Request, Result>(
  run: (requests: readonly Request[]) => Promise<readonly Result[]>,
  { maxSize, gatherMs = 0 }: BatchOptions,
): (request: Request) => Promise<Result> {
  type Waiter = {
    readonly request: Request;
    readonly resolve: (result: Result) => void;
    readonly reject: (error: unknown) => void;
  };
  let waiting: Waiter[] = [];
  let underWay = 0;
  let timer: NodeJS.Timeout | undefined;

  async function flush(batch: readonly Waiter[]): Promise<void> {
    underWay += 1;
    try {
      const results = await run(batch.map((waiter) => waiter.request));
      if (results.length !== batch.length) {
        throw new Error(`Expected ${batch.length} results of a batch, got ${results.length}`);
      }
      results.forEach((result, index) => batch[index]?.resolve(result));
    } catch (error) {
      for (const waiter of batch) waiter.reject(error);
    } finally {
      underWay -= 1;
      if (underWay === 0 && timer) flushAll();
    }
  }

  function flushAll(): void {
    clearTimeout(timer);
    timer = undefined;
    const batch = waiting;
    waiting = [];
    for (let start = 0; start < batch.length; start += maxSize) {
      void flush(batch.slice(start, start + maxSize));
    }
  }

  function endTurn(): void {
    if (underWay === 0 || gatherMs === 0) flushAll();
    else timer ??= setTimeout(flushAll, gatherMs);
  }

  return (request) =>
    new Promise((resolve, reject) => {
      waiting.push({ request, resolve, reject });
      if (waiting.length === 1) setImmediate(endTurn);
      else if (timer && waiting.length >= maxSize) flushAll();
    });
}
