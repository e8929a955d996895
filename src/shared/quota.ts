import { z } from 'zod';
import { accountKeys } from './keys.ts';
import { KINDS, type Kind } from './outcome.ts';
import type { RedisClient } from './redis.ts';

/** What WeChat said of one API of an account, at `readAt` (epoch ms); WeChat facts §6.1. */
export type Quota =
  | {
      readonly kind: 'told';
      /** Calls a day, and how many of them have been made; off by up to 1 %. */
      readonly dailyLimit: number;
      readonly used: number;
      readonly remain: number;
      /** So many calls in so many seconds, where WeChat names a limit. */
      readonly rate?: { readonly calls: number; readonly seconds: number } | undefined;
      readonly readAt: number;
    }
  /** It does not say it of this account. */
  | { readonly kind: 'untold'; readonly errcode: number; readonly readAt: number };

/** From here on somebody should know. */
export const QUOTA_LOW_SHARE = 0.9;

export type Quotas = Readonly<Record<Kind, Quota | null>>;

const count = z.number().min(0);
const quotaSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('told'),
    dailyLimit: count,
    used: count,
    remain: count,
    rate: z.object({ calls: count, seconds: count }).optional(),
    readAt: count,
  }),
  z.object({ kind: z.literal('untold'), errcode: z.number(), readAt: count }),
]);

/** @param keepMs what nobody reads anew is forgotten then: an old count says nothing */
export async function storeQuota(
  redis: RedisClient,
  { appId, kind, keepMs }: { readonly appId: string; readonly kind: Kind; readonly keepMs: number },
  quota: Quota,
): Promise<void> {
  await redis.set(accountKeys(appId).quota(kind), JSON.stringify(quota), 'PX', keepMs);
}

/** Null for one that was not read lately: nothing was sent, or WeChat did not answer. */
export async function readQuotas(redis: RedisClient, appId: string): Promise<Quotas> {
  const { quota } = accountKeys(appId);
  const texts = await redis.mget(KINDS.map(quota));
  const [template = null, custom = null] = texts.map(parsed);
  return { template, custom };
}

function parsed(text: string | null): Quota | null {
  if (text === null) return null;
  try {
    return quotaSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
