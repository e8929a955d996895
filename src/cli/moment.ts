import { InvalidArgumentError } from 'commander';

const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `2026-11-23 14:41:39 +08:00`: in the time zone of this terminal, and which that is. */
export function shownTime(epochMs: number): string {
  const date = new Date(epochMs);
  // Swedish is ISO's order with a space.
  return `${date.toLocaleString('sv-SE')} ${offsetOf(date)}`;
}

/** `+08:00`. */
function offsetOf(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const parts = [Math.trunc(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return (minutes < 0 ? '-' : '+') + parts.map((part) => String(part).padStart(2, '0')).join(':');
}

/** `840 ms`, `3.2 s`. */
export function shownDuration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** `42 s`, `21 min`, `1 h 40 min`. */
export function shownAge(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return `${Math.floor(ms / 1000)} s`;
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A time in the past as people type it: `2h`, `3d`, or an ISO 8601 time, local without an offset. */
export function parsePast(text: string): number {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  if (count && (unit === 's' || unit === 'm' || unit === 'h' || unit === 'd')) {
    return Date.now() - Number(count) * UNITS[unit];
  }
  // Of a day without a time JavaScript takes the one in UTC.
  const moment = /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00` : text;
  const epoch = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(moment) : Number.NaN;
  if (Number.isNaN(epoch)) {
    throw new InvalidArgumentError(
      'Expected a time as 30m, 2h or 3d (ago), 2026-12-01T09:00+08:00, or 2026-12-01T09:00 ' +
        'in this terminal’s time zone.',
    );
  }
  return epoch;
}

/** A number in milliseconds as such, everything else as text, for the envelope to judge. */
export function parseMoment(text: string): string | number {
  return /^\d+$/.test(text) ? Number(text) : text;
}
