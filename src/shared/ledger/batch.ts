/**
 * Gathers the calls of one turn of the event loop into one. Each caller gets its own result;
 * a failure of the joint call is everybody's.
 */
export function batched<Request, Result>(
  run: (requests: readonly Request[]) => Promise<readonly Result[]>,
  maxSize: number,
): (request: Request) => Promise<Result> {
  type Waiter = {
    readonly request: Request;
    readonly resolve: (result: Result) => void;
    readonly reject: (error: unknown) => void;
  };
  let waiting: Waiter[] = [];

  async function flush(batch: readonly Waiter[]): Promise<void> {
    try {
      const results = await run(batch.map((waiter) => waiter.request));
      if (results.length !== batch.length) {
        throw new Error(`Expected ${batch.length} results of a batch, got ${results.length}`);
      }
      results.forEach((result, index) => batch[index]?.resolve(result));
    } catch (error) {
      for (const waiter of batch) waiter.reject(error);
    }
  }

  function flushAll(): void {
    const batch = waiting;
    waiting = [];
    for (let start = 0; start < batch.length; start += maxSize) {
      void flush(batch.slice(start, start + maxSize));
    }
  }

  return (request) =>
    new Promise((resolve, reject) => {
      waiting.push({ request, resolve, reject });
      if (waiting.length === 1) setImmediate(flushAll);
    });
}
