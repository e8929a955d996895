import { z } from 'zod';
import type { DeadLetterFilter } from '../producer/index.ts';
import { CourierError } from '../shared/errors.ts';
import { maskOpenids } from '../shared/openid.ts';
import { DEAD_REASONS } from '../shared/outcome.ts';
import { REPAIR_ACTIONS, type RepairAction } from './repairs.ts';

const blank = (value: unknown) => (value === '' ? undefined : value);
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
  did: z.preprocess(blank, z.enum(REPAIR_ACTIONS).optional()),
  count: z.preprocess(blank, z.coerce.number().int().nonnegative().optional()),
  confirmed: text,
});

/** Which dead letters a form or a link means. */
export interface Asked {
  readonly filter: DeadLetterFilter;
  readonly cursor?: string | undefined;
  /** Only this one. */
  readonly messageId?: string | undefined;
  /** What was done before this page, and to how many. */
  readonly did?: RepairAction | undefined;
  readonly count?: number | undefined;
  readonly confirmed: boolean;
}

/** @throws CourierError `ERR_INVALID_FILTER`: what was not understood must not mean "all" */
export function asked(fields: unknown, now: number): Asked {
  const parsed = lettersSchema.safeParse(fields ?? {});
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(`${issue?.path.join('.') || 'filter'}: ${issue?.message ?? 'another value'}.`);
  }
  const { appId, reason, errcode, template, since, until, confirmed, ...rest } = parsed.data;
  const filter = {
    ...(appId !== undefined && { appId }),
    ...(reason !== undefined && { reason }),
    ...(errcode !== undefined && { errcode }),
    ...(template !== undefined && { templateId: template }),
    ...(since !== undefined && { since: momentOf('since', since, now) }),
    ...(until !== undefined && { until: momentOf('until', until, now) }),
  };
  return { ...rest, filter, confirmed: confirmed !== undefined };
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

/** `2026-11-26`, `2026-11-26T08:30` (UTC), or `30m`, `2h`, `1d` ago. */
function momentOf(name: string, given: string, now: number): number {
  const [, count, unit] = /^(\d{1,5})([mhd])$/.exec(given) ?? [];
  if (count !== undefined && unit !== undefined) return now - Number(count) * (UNIT_MS[unit] ?? 0);
  const iso = given.replace(' ', 'T');
  const withZone = iso.includes('T') && !iso.endsWith('Z') ? `${iso}Z` : iso;
  const ms = TIME.test(given) ? Date.parse(withZone) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  throw invalid(
    `${name}: expected a time in UTC as in 2026-11-26T08:30, or 30m, 2h, 1d for so long ago, ` +
      `got "${maskOpenids(given).slice(0, 40)}".`,
  );
}

function invalid(message: string): CourierError {
  return new CourierError('ERR_INVALID_FILTER', message);
}
