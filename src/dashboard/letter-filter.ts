import { z } from 'zod';
import type { DeadLetterFilter } from '../producer/index.ts';
import { maskOpenids } from '../shared/openid.ts';
import { DEAD_REASONS } from '../shared/outcome.ts';
import type { Word } from './words.ts';

const blank = (value: unknown) =>
  typeof value === 'string' && value.trim() === '' ? undefined : value;
const text = z.preprocess(blank, z.string().max(200).optional());
/** What forms and links send. */
const lettersSchema = z.strictObject({
  appId: text,
  reason: z.preprocess(blank, z.enum(DEAD_REASONS).optional()),
  errcode: z.preprocess(blank, z.coerce.number().int().optional()),
  template: text,
  since: text,
  until: text,
  cursor: text,
  messageId: text,
  did: z.preprocess(blank, z.literal('purge').optional()),
  confirmed: text,
});

/** Which dead letters a form or a link means. */
export interface Asked {
  readonly kind: 'asked';
  readonly filter: DeadLetterFilter;
  readonly cursor?: string | undefined;
  /** Only this one. */
  readonly messageId?: string | undefined;
  /** What was done to it before this page. */
  readonly did?: 'purge' | undefined;
  readonly confirmed: boolean;
}

/** What was not understood must not mean "all": nothing is looked for or repaired. */
export interface NotUnderstood {
  readonly kind: 'not-understood';
  readonly field: string;
  readonly value: string;
  /** What belongs there, as a word of our pages. */
  readonly expected: Word;
}

const EXPECTED: Readonly<Record<string, Word>> = {
  reason: 'expectReason',
  errcode: 'expectErrcode',
  since: 'timeHint',
  until: 'timeHint',
};

/** @param fields of a form or a link, each at most once */
export function asked(fields: unknown, now: number): Asked | NotUnderstood {
  const given = Object(fields ?? {}) as Readonly<Record<string, unknown>>;
  const refuse = (field: string): NotUnderstood => ({
    kind: 'not-understood',
    field: field.slice(0, 40),
    value: maskOpenids(asText(given[field])).slice(0, 40),
    expected: EXPECTED[field] ?? 'expectFilter',
  });
  const parsed = lettersSchema.safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
    return refuse(unknown ?? String(issue?.path[0] ?? 'filter'));
  }
  const { appId, reason, errcode, template, confirmed, ...rest } = parsed.data;
  const { since, until, ...others } = rest;
  const [from, to] = [momentOf(since, now), momentOf(until, now)];
  if (from === null) return refuse('since');
  if (to === null) return refuse('until');
  const filter = {
    ...(appId !== undefined && { appId }),
    ...(reason !== undefined && { reason }),
    ...(errcode !== undefined && { errcode }),
    ...(template !== undefined && { templateId: template }),
    ...(from !== undefined && { since: from }),
    ...(to !== undefined && { until: to }),
  };
  return { kind: 'asked', ...others, filter, confirmed: confirmed !== undefined };
}

/** As somebody sent it: a field that came twice is a list. */
export function asText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

/** As a link carries it. */
export function queryOf(filter: DeadLetterFilter): URLSearchParams {
  const { appId, reason, errcode, templateId, since, until } = filter;
  const query = new URLSearchParams();
  if (appId !== undefined) query.set('appId', appId);
  if (reason !== undefined) query.set('reason', reason);
  if (errcode !== undefined) query.set('errcode', String(errcode));
  if (templateId !== undefined) query.set('template', templateId);
  if (since !== undefined) query.set('since', new Date(since).toISOString());
  if (until !== undefined) query.set('until', new Date(until).toISOString());
  return query;
}

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const TIME = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?Z?)?$/;

/** `2026-11-26`, `2026-11-26T08:30` (UTC), or `30m`, `2h`, `1d` ago; null for anything else. */
function momentOf(given: string | undefined, now: number): number | null | undefined {
  if (given === undefined) return undefined;
  const [, count, unit] = /^(\d{1,5})([mhd])$/.exec(given) ?? [];
  if (count !== undefined && unit !== undefined) return now - Number(count) * (UNIT_MS[unit] ?? 0);
  const iso = given.replace(' ', 'T');
  const withZone = iso.includes('T') && !iso.endsWith('Z') ? `${iso}Z` : iso;
  const ms = TIME.test(given) ? Date.parse(withZone) : Number.NaN;
  return Number.isNaN(ms) ? null : ms;
}
