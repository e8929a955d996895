import { describe, expect, test } from 'vitest';
import { asked, queryOf } from '../../src/dashboard/letter-filter.ts';

const NOW = Date.UTC(2026, 10, 26, 12);

describe('what a form asks for', () => {
  test.each([
    [{ since: '2026-11-26T08:30' }, { since: Date.UTC(2026, 10, 26, 8, 30) }],
    [{ since: '2026-11-26 08:30:15' }, { since: Date.UTC(2026, 10, 26, 8, 30, 15) }],
    [{ until: '2026-11-26' }, { until: Date.UTC(2026, 10, 26) }],
    [{ until: '2026-11-26T08:30:00.000Z' }, { until: Date.UTC(2026, 10, 26, 8, 30) }],
    [{ since: '30m' }, { since: NOW - 1_800_000 }],
    [
      { since: '2d', until: '2h' },
      { since: NOW - 172_800_000, until: NOW - 7_200_000 },
    ],
    [
      { template: 'T1', errcode: '43004' },
      { templateId: 'T1', errcode: 43_004 },
    ],
    [{ appId: '', reason: '', errcode: '', since: '' }, {}],
  ])('%j', (fields, filter) => {
    expect(asked(fields, NOW).filter).toEqual(filter);
  });

  test.each([
    [{ since: 'yesterday' }, 'since: expected a time in UTC'],
    [{ until: '2026-13-45' }, 'until: expected a time in UTC'],
    [{ since: '2026-11-26T08:30+08:00' }, 'since: expected a time in UTC'],
    [{ sinc: '2h' }, 'sinc'],
    [{ reason: 'nonsense' }, 'reason'],
    [{ errcode: '4x' }, 'errcode'],
    [{ did: 'purge', count: 'all gone, log in again at evil.example' }, 'count'],
    [{ did: 'nothing', count: '1' }, 'did'],
  ])('%j is refused: it must not mean "all", nor say what did not happen', (fields, message) => {
    expect(() => asked(fields, NOW)).toThrow(message);
  });

  test('comes back out of a link as it went in', () => {
    const filter = asked(
      { appId: 'wx1', reason: 'expired', errcode: '1', template: 'T', since: '1d', until: '1h' },
      NOW,
    ).filter;
    const fields = Object.fromEntries(queryOf(filter));
    expect(asked(fields, NOW + 5000).filter).toEqual(filter);
  });
});
