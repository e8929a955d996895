import { afterEach, expect, test, vi } from 'vitest';
import { parsePast, shownAge, shownTime } from '../../src/cli/moment.ts';

const EVENING = Date.UTC(2026, 10, 28, 18, 59, 23);

afterEach(() => {
  vi.unstubAllEnvs();
});

test.each([
  ['Asia/Shanghai', '2026-11-29 02:59:23 +08:00'],
  ['UTC', '2026-11-28 18:59:23 +00:00'],
  ['America/St_Johns', '2026-11-28 15:29:23 -03:30'],
])('in %s a time is shown as %s, and taken back as it is shown', (zone, text) => {
  vi.stubEnv('TZ', zone);
  expect(shownTime(EVENING)).toBe(text);
  expect(parsePast(text)).toBe(EVENING);
});

test.each([
  ['2026-11-29T02:59:23', EVENING],
  ['2026-11-29 02:59:23', EVENING],
  ['2026-11-29', Date.UTC(2026, 10, 28, 16)],
  ['2026-11-29T02:59:23Z', EVENING + 8 * 3_600_000],
])('%s is local time unless it says otherwise', (text, epochMs) => {
  vi.stubEnv('TZ', 'Asia/Shanghai');
  expect(parsePast(text)).toBe(epochMs);
});

test.each([
  [0, '0 s'],
  [59_999, '59 s'],
  [1_274_000, '21 min'],
  [6_010_000, '1 h 40 min'],
])('%d ms are shown as an age of %s', (ms, text) => {
  expect(shownAge(ms)).toBe(text);
});

test.each(['yesterday', '2 h', '', '2026-13-01', '2026-11-29 soon'])(
  '"%s" is no time, and the error says what is',
  (text) => {
    expect(() => parsePast(text)).toThrow(/30m, 2h or 3d.*this terminal’s time zone/);
  },
);
