import { hash } from 'node:crypto';
import { accountKeys } from '../keys.ts';
import { type RedisClient, repliesOf } from '../redis.ts';

/** What a person may know of a message beside its ids. */
export interface Clue {
  readonly by: 'recipient' | 'msgid';
  /** An openid, or WeChat's msgid. */
  readonly text: string;
}

/** One line of the index, for the script that writes it together with the ledger's record. */
export interface IndexEntry {
  /** List of all entries of one day whose clue has this digest's first bits. */
  readonly key: string;
  readonly entry: Buffer;
  /** How long a list that starts with this entry is kept. */
  readonly keepMs: number;
}

/**
 * Finds messages of one account by recipient or msgid without reading them all. Entries of a day
 * share {@link LISTS} lists, so that one costs about 24 bytes; neither openid nor msgid can be
 * read in it, only a digest (docs/decisions/0011-search-index.md).
 */
export interface SearchIndex {
  /** @param at when the message is sent at the earliest, epoch milliseconds; default now */
  entry(clue: Clue, messageKey: string, at?: number): IndexEntry;
  /** Keys of the messages that match, the latest first. */
  find(clue: Clue, limit: number): Promise<string[]>;
}

export interface SearchIndexOptions {
  readonly redis: RedisClient;
  readonly appId: string;
  /** How long the record of an ended message is kept. */
  readonly ttlMs: number;
  readonly now: () => number;
}

const DAY_MS = 86_400_000;
/** A day's lists: with a million messages each has 2,000 entries. */
const LISTS = 512;
/** Of the digest, beside the bits that chose the list: 41 bits in all. */
const TAG_BYTES = 4;
/** So far ahead may a message be scheduled. */
const DAYS_AHEAD = 91;
/** A message ends on a later day than it was due now and then; its record lives on from there. */
const SLACK_MS = DAY_MS;

export function createSearchIndex(options: SearchIndexOptions): SearchIndex {
  const { redis, appId, ttlMs, now } = options;
  const keys = accountKeys(appId);
  const keptMs = ttlMs + SLACK_MS;
  return {
    entry(clue, messageKey, at = now()) {
      const day = Math.floor(at / DAY_MS);
      const { list, tag } = digestOf(clue);
      const keepMs = (day + 1) * DAY_MS + keptMs - now();
      return { key: keys.index(day, list), entry: packed(tag, messageKey), keepMs };
    },
    async find(clue, limit) {
      const { list, tag } = digestOf(clue);
      const today = Math.floor(now() / DAY_MS);
      const oldest = today - Math.ceil(keptMs / DAY_MS);
      const found: string[] = [];
      const pipeline = redis.pipeline();
      for (let day = today + DAYS_AHEAD; day >= oldest; day -= 1) {
        pipeline.lrangeBuffer(keys.index(day, list), 0, -1);
      }
      for (const entries of await repliesOf(pipeline)) {
        for (const entry of (entries as Buffer[]).toReversed()) {
          if (tag.equals(entry.subarray(0, TAG_BYTES))) found.push(messageKeyOf(entry));
        }
      }
      return found.slice(0, limit);
    },
  };
}

function digestOf({ by, text }: Clue): { list: number; tag: Buffer } {
  const digest = hash('sha256', `${by}\0${text}`, 'buffer');
  return { list: digest.readUInt16BE(0) % LISTS, tag: digest.subarray(2, 2 + TAG_BYTES) };
}

/** A message key is 26 characters of base 36: three numbers that fit six bytes each. */
const PARTS = [9, 9, 8] as const;
const PART_BYTES = 6;

function packed(tag: Buffer, messageKey: string): Buffer {
  const entry = Buffer.alloc(TAG_BYTES + PARTS.length * PART_BYTES);
  tag.copy(entry);
  let from = 0;
  PARTS.forEach((length, part) => {
    const number = Number.parseInt(messageKey.slice(from, from + length), 36);
    entry.writeUIntBE(number, TAG_BYTES + part * PART_BYTES, PART_BYTES);
    from += length;
  });
  return entry;
}

function messageKeyOf(entry: Buffer): string {
  return PARTS.map((length, part) =>
    entry
      .readUIntBE(TAG_BYTES + part * PART_BYTES, PART_BYTES)
      .toString(36)
      .padStart(length, '0'),
  ).join('');
}
