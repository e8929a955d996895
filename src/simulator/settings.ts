import { z } from 'zod';
import { latencySchema } from './latency.ts';

const seconds = z.number().min(0).max(10_000_000);
const rate = z.number().min(0).max(1);

/**
 * Every knob that holds for the whole simulator and may change while it runs. Defaults are
 * what WeChat documents, or the most harmless reading where it is silent.
 */
export const settingsSchema = z.strictObject({
  /** Unknown appIds get an account on their first token call, any secret is right. */
  acceptAnyAccount: z.boolean().default(true),
  /** Openids nobody registered: followers with an open, unlimited window, or refused. */
  unknownRecipients: z.enum(['accept', '40003']).default('accept'),
  /** Template ids nobody registered: taken, or 40036 (size) and 40037 (unknown). */
  unknownTemplates: z.enum(['accept', '40037']).default('accept'),

  latency: latencySchema.default(0),

  tokenLifeSeconds: seconds.default(7_200),
  /** How long a replaced token still works. */
  tokenOverlapSeconds: seconds.default(300),
  /** The last part of its life in which the stable endpoint already hands out the next one. */
  tokenRolloverSeconds: seconds.default(300),
  forcedRefreshGapSeconds: seconds.default(30),
  forcedRefreshesPerDay: z.number().int().min(0).default(20),
  /** Undocumented what happens beyond the budget: an error, or nothing. */
  forcedRefreshBeyond: z.enum(['45009', 'same-token']).default('45009'),
  /** 512-character tokens: WeChat asks to reserve that much, and mostly sends less. */
  longTokens: z.enum(['never', 'sometimes', 'always']).default('sometimes'),

  /** How long openid + client_msg_id is remembered; documented as ten minutes. */
  dedupeMs: z.number().min(0).default(600_000),
  /** Undocumented what a repeat is told. */
  dedupeReply: z.enum(['same-msgid', '40241', 'zero']).default('same-msgid'),
  /** Same content to the same openid within this time is 40241; 0 switches it off. */
  duplicateGuardMs: z.number().min(0).default(0),
  /** More template sends than this to one openid at once are 43108; 0 switches it off. */
  maxConcurrentPerRecipient: z.number().int().min(0).default(0),
  /** More template sends than `count` within `windowMs` to one openid are 43117. */
  recipientFrequency: z
    .strictObject({ count: z.number().int().min(1), windowMs: z.number().min(1) })
    .nullable()
    .default(null),
  /** How long a held message (40252) is under review; staff said about half an hour. */
  reviewMs: z.number().min(0).default(1_800_000),

  /** Undocumented how overlapping customer-service grants combine. */
  windowMode: z.enum(['max', 'buckets']).default('max'),
  /** Refuse a request body with `\uXXXX` escapes as 40033. */
  refuseUnicodeEscapes: z.boolean().default(true),

  /** Share of replies that claim to be text/plain. */
  textPlainRate: rate.default(0.02),
  /** Share of error texts in the old form, with a hint instead of a rid. */
  legacyHintRate: rate.default(0.1),
  /** Keep request bodies in the record. */
  recordBodies: z.boolean().default(true),
});

export type Settings = z.infer<typeof settingsSchema>;

/**
 * Changes some settings in place; absent keys keep their value.
 *
 * @throws ZodError when the change does not fit, and then nothing has changed
 */
export function patchSettings(settings: Settings, patch: unknown): void {
  const change = z.record(z.string(), z.unknown()).parse(patch);
  Object.assign(settings, settingsSchema.parse({ ...settings, ...change }));
}
