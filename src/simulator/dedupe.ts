import type { SimulatorClock } from './clock.ts';
import type { Settings } from './settings.ts';

/**
 * Which message an openid + client_msg_id stands for. WeChat promises one message per pair for
 * ten minutes and nothing after that, so a later repeat is a second message here.
 */
export class DedupeTable {
  readonly #clock: SimulatorClock;
  readonly #settings: Settings;
  readonly #known = new Map<string, { msgid: string; at: number }>();

  constructor(deps: { clock: SimulatorClock; settings: Settings }) {
    this.#clock = deps.clock;
    this.#settings = deps.settings;
  }

  /** The msgid of the message this one would repeat. */
  find(openid: string, clientMsgId: string): string | undefined {
    const entry = this.#known.get(key(openid, clientMsgId));
    if (entry === undefined || this.#isOver(entry.at)) return undefined;
    return entry.msgid;
  }

  remember(openid: string, clientMsgId: string, msgid: string): void {
    this.#forgetOldest();
    const id = key(openid, clientMsgId);
    this.#known.delete(id);
    this.#known.set(id, { msgid, at: this.#clock.now() });
  }

  /** Two at a time keeps the table at its live size without ever stopping to sweep. */
  #forgetOldest(): void {
    let looked = 0;
    for (const [id, entry] of this.#known) {
      if (looked >= 2 || !this.#isOver(entry.at)) return;
      this.#known.delete(id);
      looked += 1;
    }
  }

  #isOver(at: number): boolean {
    return this.#clock.now() - at >= this.#settings.dedupeMs;
  }
}

function key(openid: string, clientMsgId: string): string {
  return `${openid} ${clientMsgId}`;
}
