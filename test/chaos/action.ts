/** The line that something happens to: between a worker and Redis or WeChat, or the producer's. */
export type LineName = 'redis' | 'wechat' | 'producer';

/** One thing done to the running system. Durations in milliseconds, workers by number. */
export type Action =
  | { readonly kind: 'kill'; readonly worker: number }
  /** SIGSTOP for longer than its locks last, then SIGCONT: it wakes into a world that went on. */
  | { readonly kind: 'freeze'; readonly worker: number; readonly ms: number }
  | { readonly kind: 'terminate'; readonly worker: number }
  /** As pm2 does: SIGINT, and SIGKILL for one that is still there. */
  | { readonly kind: 'reload'; readonly worker: number; readonly killAfterMs: number }
  /** One more worker, whose clock is wrong: it must refuse to start. */
  | { readonly kind: 'skewed-clock'; readonly skewMs: number }
  | { readonly kind: 'cut'; readonly line: LineName; readonly worker: number }
  | {
      readonly kind: 'black-hole';
      readonly line: LineName;
      readonly worker: number;
      readonly ms: number;
    }
  | {
      readonly kind: 'delay';
      readonly line: LineName;
      readonly worker: number;
      readonly ms: number;
      readonly delayMs: number;
    }
  /** The next reply of Redis that contains this is lost together with its connection. */
  | {
      readonly kind: 'drop-reply';
      readonly line: 'redis' | 'producer';
      readonly worker: number;
      readonly containing: string;
    }
  /** The next request to WeChat meets a connection that is being closed. */
  | { readonly kind: 'fin'; readonly worker: number }
  /** SIGKILL, and a new start on the same append-only file. */
  | { readonly kind: 'redis-kill'; readonly downMs: number }
  | { readonly kind: 'redis-freeze'; readonly ms: number }
  | { readonly kind: 'redis-pause'; readonly ms: number }
  /** A replica of nothing for a while, as in a failover. */
  | { readonly kind: 'redis-readonly'; readonly ms: number }
  /** No memory left to write to. */
  | { readonly kind: 'redis-full'; readonly ms: number }
  | { readonly kind: 'redis-forget-scripts' }
  | { readonly kind: 'redis-drop-clients' }
  | { readonly kind: 'wechat-hang'; readonly count: number; readonly accept: boolean }
  | { readonly kind: 'wechat-502'; readonly count: number; readonly accept: boolean }
  | { readonly kind: 'wechat-token'; readonly how: 'expire' | 'revoke' };

/** An action with its place in the run. */
export interface PlannedAction {
  readonly number: number;
  /** From the start of the run. */
  readonly offsetMs: number;
  readonly action: Action;
}
