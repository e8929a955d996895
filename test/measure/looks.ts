import { deriveMessageId } from '../../src/shared/message/message-id.ts';
import type { Crowd } from './crowd.ts';
import { type Order, TEMPLATE_ID } from './messages.ts';
import type { Visitor } from './visitor.ts';

/** A page by what somebody looks for. */
export interface Look {
  readonly what: string;
  readonly path: string;
  /** Default 200. */
  readonly status?: number;
  /** A button's, instead of a link. */
  readonly form?: Readonly<Record<string, string>>;
  /** What must be on it, or on an older page that it leads to. */
  readonly finds?: string;
}

/** So many pages further than the first one. */
const FURTHER = 20;

/** What people look for, and what of it this dashboard can be asked for. */
export async function looksFor(
  visitor: Visitor,
  appIds: readonly string[],
  crowd: Crowd,
): Promise<Look[]> {
  const [first = ''] = appIds;
  const last = appIds.at(-1) ?? '';
  return [
    { what: 'Overview', path: '/' },
    { what: 'Account with half of what waits', path: `/accounts/${first}` },
    { what: 'Account', path: `/accounts/${last}` },
    {
      what: 'Message by message id',
      path: search(messageIdOf(crowd.waiting)),
      finds: messageIdOf(crowd.waiting),
    },
    {
      what: 'Message by business id, the last account’s',
      path: search(crowd.latest.envelope.id),
      finds: messageIdOf(crowd.latest),
    },
    { what: 'Message that nobody knows', path: search('order-of-nobody'), status: 404 },
    { what: 'Unknown', path: '/unknown' },
    ...(await letterLooks(visitor, crowd, last)),
    ...boardLooks(first),
  ];
}

/** Filters by the names of the form's own fields, so that each filter there is gets its turn. */
async function letterLooks(visitor: Visitor, crowd: Crowd, appId: string): Promise<Look[]> {
  const form = await visitor.read('/dead-letters');
  const has = (name: string) => form.includes(`name="${name}"`);
  const latest = messageIdOf(crowd.latest);
  const oldest = messageIdOf(crowd.oldest);
  const by = (name: string, value: string | number, what: string, finds?: string): Look[] => {
    if (!has(name)) return [];
    const path = `/dead-letters?${name}=${encodeURIComponent(value)}`;
    return [{ what: `Dead letters by ${what}`, path, ...(finds !== undefined && { finds }) }];
  };
  return [
    { what: 'Dead letters', path: '/dead-letters' },
    { what: `Dead letters, page ${FURTHER}`, path: await pathOfPage(visitor, FURTHER) },
    ...by('appId', appId, 'account', latest),
    ...by('appId', appIdOf(crowd.oldest), 'the account of the oldest', oldest),
    ...by('reason', 'template-config', 'reason'),
    ...by('reason', 'poison', 'a reason that none has'),
    ...by('errcode', crowd.latestErrcode, 'errcode'),
    ...by('errcode', crowd.oldestErrcode, 'the errcode of the oldest', oldest),
    ...by('errcode', 45009, 'an errcode that none has'),
    ...by('template', TEMPLATE_ID, 'template'),
    ...by('template', 'nobody', 'a template that none has'),
    { what: 'Redrive all of them: the question', path: '/dead-letters/redrive', form: {} },
  ];
}

function boardLooks(first: string): Look[] {
  const poll = (queue: string, status: string) =>
    `/board/api/queues?activeQueue=${queue}&status=${status}&page=1&jobsPerPage=10`;
  return [
    { what: 'Bull Board, the page', path: '/board' },
    { what: 'Bull Board, all queues', path: '/board/api/queues' },
    { what: 'Bull Board, dead letters', path: poll('dead-letter', 'failed') },
    { what: 'Bull Board, dead letters, latest', path: poll('dead-letter', 'latest') },
    { what: 'Bull Board, the longest lane', path: poll(`${first}.template`, 'waiting') },
  ];
}

async function pathOfPage(visitor: Visitor, number: number): Promise<string> {
  let path = '/dead-letters';
  for (let page = 1; page < number; page += 1) {
    const next = olderOf(await visitor.read(path));
    if (next === null) return path;
    path = next;
  }
  return path;
}

/** Where a page of dead letters leads for older ones; null for the last. */
export function olderOf(page: string): string | null {
  const next = /href="(?<path>[^"]*cursor=[^"]*)"/.exec(page);
  return next?.groups?.['path']?.replaceAll('&amp;', '&') ?? null;
}

function search(text = ''): string {
  return `/message?q=${encodeURIComponent(text)}`;
}

function appIdOf({ envelope }: Order): string {
  return envelope.appId ?? '';
}

function messageIdOf(order: Order): string {
  return deriveMessageId(appIdOf(order), order.envelope.id ?? '');
}
