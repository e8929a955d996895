import { deriveMessageId, parseMessageId } from '../shared/message/message-id.ts';
import type { KnownAccounts } from './accounts.ts';
import type { OpenLanes } from './lanes.ts';
import { type MessageStatus, statusOf } from './status.ts';

/** Enough to recognise the one that is meant. */
const MOST_FOUND = 50;

export interface FindDeps {
  readonly accounts: KnownAccounts;
  readonly lanes: OpenLanes;
  readonly now: () => number;
}

/** Messages by their id, the caller's id, the recipient or WeChat's msgid; the latest first. */
export async function findMessages(deps: FindDeps, text: string): Promise<MessageStatus[]> {
  if (text === '') return [];
  const parts = parseMessageId(text);
  if (parts) return statuses(deps, parts.appId, [parts.key]);
  const found = await Promise.all(deps.accounts.all().map((appId) => findOf(deps, appId, text)));
  return found
    .flat()
    .toSorted((left, right) => right.acceptedAt - left.acceptedAt)
    .slice(0, MOST_FOUND);
}

async function findOf(deps: FindDeps, appId: string, text: string): Promise<MessageStatus[]> {
  const index = deps.lanes.index(appId);
  const own = deriveMessageId(appId, text).slice(appId.length + 1);
  const byRecipient = await index.find({ by: 'recipient', text }, MOST_FOUND);
  const byMsgid = /^\d{1,20}$/.test(text)
    ? await index.find({ by: 'msgid', text }, MOST_FOUND)
    : [];
  return await statuses(deps, appId, [...new Set([own, ...byRecipient, ...byMsgid])]);
}

async function statuses(
  { lanes, now }: FindDeps,
  appId: string,
  messageKeys: readonly string[],
): Promise<MessageStatus[]> {
  const ledger = lanes.ledger(appId);
  const records = await Promise.all(messageKeys.map((key) => ledger.read(key)));
  return records.flatMap((record, index) =>
    record ? [statusOf(`${appId}.${messageKeys[index]}`, appId, record, now())] : [],
  );
}
