import type { Socket } from 'node:net';

/** One direction of a connection: keeps the order, whatever holds it up. */
export interface Pump {
  hold(on: boolean): void;
  /** Resolves once everything that had been read is written. */
  finish(): Promise<void>;
}

export interface PumpOptions {
  readonly delayMs: () => number;
  /** False swallows the chunk. */
  readonly onChunk: (chunk: Buffer) => boolean;
}

export function openPump(from: Socket, to: Socket, options: PumpOptions): Pump {
  const waiting: { readonly chunk: Buffer; readonly due: number }[] = [];
  let timer: NodeJS.Timeout | undefined;
  let held = false;
  let finished: (() => void) | undefined;

  from.on('data', (chunk: Buffer) => {
    if (!options.onChunk(chunk)) return;
    waiting.push({ chunk, due: performance.now() + options.delayMs() });
    flush();
  });

  /** Writes what is due, in order; a later chunk never overtakes one that is held up. */
  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    for (let first = waiting[0]; first && !held; first = waiting[0]) {
      const left = first.due - performance.now();
      if (left > 0.5) {
        timer = setTimeout(flush, left);
        return;
      }
      waiting.shift();
      if (!to.destroyed) to.write(first.chunk);
    }
    if (waiting.length === 0) finished?.();
  }

  return {
    hold(on) {
      held = on;
      if (on) from.pause();
      else {
        from.resume();
        flush();
      }
    },
    finish() {
      if (waiting.length === 0 || to.destroyed) return Promise.resolve();
      return new Promise((resolve) => {
        finished = resolve;
        to.once('close', resolve);
      });
    },
  };
}
