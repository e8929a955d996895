import { z } from 'zod';
import type { SimulatorClock } from './clock.ts';
import type { Settings } from './settings.ts';
import { ReplyWindow, TRIGGERS } from './window.ts';

/** One follower (or not) of one account, as the control API and the config file set them. */
export const recipientSchema = z.strictObject({
  openid: z.string().min(1).max(128),
  /** Not following: 43004 for templates, 45015 for customer-service messages. */
  followed: z.boolean().default(true),
  /** Refuses our messages: 48002. */
  blocked: z.boolean().default(false),
  /** On our own blacklist: 43019. */
  blacklisted: z.boolean().default(false),
  /** This errcode to every send, for what depends on content or law (40249, 70000, 43117). */
  answer: z.number().int().optional(),
  /** Template messages are held for review (40252), and then this happens to them. */
  review: z.enum(['approve', 'reject']).optional(),
  /** What opened the window just now (or `agoMs` ago); closed by default. */
  window: z.enum([...TRIGGERS, 'closed', 'unlimited']).default('closed'),
  agoMs: z.number().min(0).default(0),
});
export type RecipientSpec = z.infer<typeof recipientSchema>;

export interface Recipient {
  readonly openid: string;
  followed: boolean;
  readonly blocked: boolean;
  readonly blacklisted: boolean;
  readonly answer: number | undefined;
  readonly review: 'approve' | 'reject' | undefined;
  readonly window: ReplyWindow;
}

export type RecipientEvent = (typeof TRIGGERS)[number] | 'unfollow';
export const RECIPIENT_EVENTS = [...TRIGGERS, 'unfollow'] as const;

/** The recipients of one account. */
export class Recipients {
  readonly #appId: string;
  readonly #deps: { clock: SimulatorClock; settings: Settings };
  /** Which account an openid belongs to, over all accounts: an openid is never shared. */
  readonly #owners: Map<string, string>;
  readonly #recipients = new Map<string, Recipient>();

  constructor(
    appId: string,
    deps: { clock: SimulatorClock; settings: Settings; owners: Map<string, string> },
  ) {
    this.#appId = appId;
    this.#deps = deps;
    this.#owners = deps.owners;
  }

  set(spec: RecipientSpec): void {
    const window = new ReplyWindow(this.#deps);
    if (spec.window === 'unlimited') window.openForever();
    else if (spec.window !== 'closed') window.open(spec.window, spec.agoMs);
    const { openid, followed, blocked, blacklisted, answer, review } = spec;
    this.#owners.set(openid, this.#appId);
    this.#recipients.set(openid, {
      openid,
      followed,
      blocked,
      blacklisted,
      answer,
      review,
      window,
    });
  }

  /** The recipient, made up on the spot where strangers are welcome; undefined is 40003. */
  find(openid: string): Recipient | undefined {
    const known = this.#recipients.get(openid);
    if (known !== undefined) return known;
    if (this.#owners.has(openid)) return undefined;
    if (this.#deps.settings.unknownRecipients === '40003') return undefined;
    const window = new ReplyWindow(this.#deps);
    window.openForever();
    return {
      openid,
      followed: true,
      blocked: false,
      blacklisted: false,
      answer: undefined,
      review: undefined,
      window,
    };
  }

  /** Something the user did. A follow makes a stranger known; an unfollow closes the window. */
  happen(openid: string, event: RecipientEvent, agoMs: number): void {
    if (!this.#recipients.has(openid)) this.set(recipientSchema.parse({ openid }));
    const recipient = this.#recipients.get(openid);
    if (recipient === undefined) return;
    if (event === 'unfollow') {
      recipient.followed = false;
      recipient.window.close();
      return;
    }
    if (event === 'follow') recipient.followed = true;
    recipient.window.open(event, agoMs);
  }

  get size(): number {
    return this.#recipients.size;
  }
}
