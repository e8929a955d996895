import type { SimulatorClock } from './clock.ts';
import type { Settings } from './settings.ts';

/**
 * The throttles per recipient that people report and WeChat does not publish: too many sends
 * at once (43108), too often (43117), the same again within a minute (40241). All are off
 * until the settings give them a threshold.
 */
export class RecipientGuard {
  readonly #clock: SimulatorClock;
  readonly #settings: Settings;
  readonly #inFlight = new Map<string, number>();
  readonly #recent = new Map<string, number[]>();
  readonly #contents = new Map<string, number>();

  constructor(deps: { clock: SimulatorClock; settings: Settings }) {
    this.#clock = deps.clock;
    this.#settings = deps.settings;
  }

  /** Whether a send to this openid must be refused, judged before it counts. */
  check(openid: string, contentHash: string | undefined): 0 | 40241 | 43108 | 43117 {
    const { maxConcurrentPerRecipient, recipientFrequency, duplicateGuardMs } = this.#settings;
    const now = this.#clock.now();
    if (maxConcurrentPerRecipient > 0) {
      if ((this.#inFlight.get(openid) ?? 0) > maxConcurrentPerRecipient) return 43108;
    }
    if (duplicateGuardMs > 0 && contentHash !== undefined) {
      const last = this.#contents.get(`${openid} ${contentHash}`);
      if (last !== undefined && now - last < duplicateGuardMs) return 40241;
    }
    if (recipientFrequency !== null) {
      const since = now - recipientFrequency.windowMs;
      const recent = (this.#recent.get(openid) ?? []).filter((at) => at > since);
      this.#recent.set(openid, recent);
      if (recent.length >= recipientFrequency.count) return 43117;
    }
    return 0;
  }

  /** A send to this openid was taken. */
  accepted(openid: string, contentHash: string | undefined): void {
    const now = this.#clock.now();
    if (this.#settings.duplicateGuardMs > 0 && contentHash !== undefined) {
      this.#contents.set(`${openid} ${contentHash}`, now);
    }
    if (this.#settings.recipientFrequency === null) return;
    const recent = this.#recent.get(openid);
    if (recent === undefined) this.#recent.set(openid, [now]);
    else recent.push(now);
  }

  /** A send to this openid is being answered until the returned function is called. */
  enter(openid: string): () => void {
    this.#inFlight.set(openid, (this.#inFlight.get(openid) ?? 0) + 1);
    return () => {
      const left = (this.#inFlight.get(openid) ?? 1) - 1;
      if (left > 0) this.#inFlight.set(openid, left);
      else this.#inFlight.delete(openid);
    };
  }
}
