import { InvalidArgumentError } from 'commander';

const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `2026-11-23 14:41:39` in the time zone of this machine. */
export function shownTime(epochMs: number): string {
  // Swedish is ISO's order with a space.
  return new Date(epochMs).toLocaleString('sv-SE');
}

/** `840 ms`, `3.2 s`. */
export function shownDuration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** A time in the past as people type it: `2h`, `3d`, or an ISO 8601 time. */
export function parsePast(text: string): number {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  if (count && (unit === 's' || unit === 'm' || unit === 'h' || unit === 'd')) {
    return Date.now() - Number(count) * UNITS[unit];
  }
  const epoch = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(epoch)) {
    throw new InvalidArgumentError('Expected a time as 30m, 2h, 3d or 2026-12-01T09:00:00+08:00.');
  }
  return epoch;
}

/** A number in milliseconds as such, everything else as text, for the envelope to judge. */
export function parseMoment(text: string): string | number {
  return /^\d+$/.test(text) ? Number(text) : text;
}
