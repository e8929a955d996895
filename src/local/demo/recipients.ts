import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';

/** What WeChat knows of a person and the shop does not. */
const recipientSchema = z.object({
  openid: z.string(),
  /** `sister`: the openid is one of another account of the same company. */
  account: z.enum(['shop', 'sister']),
  follows: z.enum(['yes', 'no']),
  messages: z.enum(['on', 'off']),
  blacklisted: z.enum(['yes', 'no']),
  /** What opened the window, and how long ago. */
  last_event: z.enum(['message', '']),
  hours_ago: z.string(),
});
export type KnownRecipient = z.infer<typeof recipientSchema>;

export function readRecipients(file: string): KnownRecipient[] {
  const rows: unknown = parse(readFileSync(file), { columns: true, bom: true });
  return z.array(recipientSchema).parse(rows);
}

/** A recipient in the words of the simulator's control API. */
export function simulated(known: KnownRecipient): object {
  return {
    openid: known.openid,
    followed: known.follows === 'yes',
    blocked: known.messages === 'off',
    blacklisted: known.blacklisted === 'yes',
    ...(known.last_event !== '' && {
      window: known.last_event,
      agoMs: Number(known.hours_ago) * 3_600_000,
    }),
  };
}
