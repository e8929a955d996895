import type { DeadLetter } from '../shared/dead-letter.ts';
import type { LaneJob } from '../shared/lane.ts';
import { deriveMessageId, parseMessageId } from '../shared/message/message-id.ts';
import type { KnownAccounts } from './accounts.ts';
import type { OpenLanes } from './lanes.ts';
import { type MessageStatus, statusOf } from './status.ts';

/** A message that was looked for. */
export interface FoundMessage extends MessageStatus {
  /** The caller's id: where it was found by it, or while its content is kept. */
  readonly id?: string;
}

/** Enough to recognise the one that is meant. */
const MOST_FOUND = 50;
/** The id of a dead letter's job in Bull Board: after a redrive, the message id and how many. */
const LETTER_JOB_ID = /^(.+\.[0-9a-z]{26})\.\d{1,6}$/;

export interface FindDeps {
  readonly accounts: KnownAccounts;
  readonly lanes: OpenLanes;
  readonly letterOf: (messageId: string) => Promise<DeadLetter | null>;
  readonly now: () => number;
}

/**
 * Messages by their id, the caller's id or a part of it, the recipient or WeChat's msgid; the
 * latest first.
 */
export async function findMessages(deps: FindDeps, text: string): Promise<FoundMessage[]> {
  if (text === '') return [];
  const parts = parseMessageId(LETTER_JOB_ID.exec(text)?.[1] ?? text);
  const found = parts
    ? await statuses(deps, parts.appId, [[parts.key, undefined]])
    : (await Promise.all(deps.accounts.all().map((appId) => findOf(deps, appId, text)))).flat();
  const latest = found
    .toSorted((left, right) => right.acceptedAt - left.acceptedAt)
    .slice(0, MOST_FOUND);
  return await Promise.all(latest.map((status) => withId(deps, status)));
}

async function findOf(deps: FindDeps, appId: string, text: string): Promise<FoundMessage[]> {
  const index = deps.lanes.index(appId);
  const ids = [text, ...(await deps.lanes.patterns(appId).complete(text))];
  const byRecipient = await index.find({ by: 'recipient', text }, MOST_FOUND);
  const byMsgid = /^\d{1,20}$/.test(text)
    ? await index.find({ by: 'msgid', text }, MOST_FOUND)
    : [];
  const byId = ids.map((id) => [deriveMessageId(appId, id).slice(appId.length + 1), id] as const);
  const others = [...byRecipient, ...byMsgid].map((key) => [key, undefined] as const);
  return await statuses(deps, appId, new Map([...others, ...byId]));
}

/** @param messages message keys, each with the caller's id that led to it */
async function statuses(
  { lanes, now }: FindDeps,
  appId: string,
  messages: Iterable<readonly [string, string | undefined]>,
): Promise<FoundMessage[]> {
  const read = [...messages].map(async ([key, id]) => {
    const record = await lanes.record(appId, key);
    if (!record) return [];
    const status = statusOf(`${appId}.${key}`, appId, record, now());
    return [id === undefined ? status : { ...status, id }];
  });
  return (await Promise.all(read)).flat();
}

async function withId(deps: FindDeps, status: FoundMessage): Promise<FoundMessage> {
  if (status.id !== undefined) return status;
  const id = (await contentOf(deps, status))?.id;
  return id === undefined ? status : { ...status, id };
}

/** What is sent, or would be after a redrive; null once it is not kept any more. */
export async function contentOf(
  { lanes, letterOf }: Pick<FindDeps, 'lanes' | 'letterOf'>,
  { messageId, appId, kind, state }: MessageStatus,
): Promise<LaneJob | null> {
  switch (state) {
    case 'dead':
      return (await letterOf(messageId))?.job ?? null;
    case 'scheduled':
    case 'queued':
    case 'sending':
    case 'retrying':
    case 'unknown': {
      const job = await lanes.lane(appId, kind).getJob(messageId.slice(appId.length + 1));
      return job?.data ?? null;
    }
    case 'sent':
    case 'held':
    case 'cancelled':
    case 'delivered':
    case 'undelivered':
      return null;
  }
}
