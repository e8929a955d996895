import { describe, expect, test } from 'vitest';
import { asked, queryOf } from '../../src/dashboard/letter-filter.ts';
import type { DeadLetterFilter } from '../../src/producer/index.ts';

const NOW = Date.UTC(2026, 10, 26, 12);

function filterOf(fields: unknown, now = NOW): DeadLetterFilter | undefined {
  const wanted = asked(fields, now);
  return wanted.kind === 'asked' ? wanted.filter : undefined;
}

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
    [{ appId: '', reason: '', errcode: ' ', since: '' }, {}],
  ])('%j', (fields, filter) => {
    expect(filterOf(fields)).toEqual(filter);
  });

  test.each([
    [{ since: 'yesterday' }, 'since', 'yesterday', 'timeHint'],
    [{ until: '2026-13-45' }, 'until', '2026-13-45', 'timeHint'],
    [{ since: '2026-11-26T08:30+08:00' }, 'since', '2026-11-26T08:30+08:00', 'timeHint'],
    [{ sinc: '2h' }, 'sinc', '2h', 'expectFilter'],
    [{ reason: 'nonsense' }, 'reason', 'nonsense', 'expectReason'],
    [{ errcode: '4x' }, 'errcode', '4x', 'expectErrcode'],
    [{ since: 'oSTRAY-OPENID-01234567890123' }, 'since', 'oSTRA…0123', 'timeHint'],
    [{ did: 'purge', count: '100000' }, 'count', '100000', 'expectFilter'],
    [{ did: 'nothing' }, 'did', 'nothing', 'expectFilter'],
    [{ errcode: '4 0' }, 'errcode', '4 0', 'expectErrcode'],
  ])(
    '%j is not understood: it must not mean "all", nor say what did not happen',
    (fields, field, value, expected) => {
      expect(asked(fields, NOW)).toEqual({ kind: 'not-understood', field, value, expected });
    },
  );

  test('comes back out of a link as it went in', () => {
    const times = { since: '1d', until: '1h' };
    const fields = { appId: 'wx1', reason: 'expired', errcode: '1', template: 'T', ...times };
    const filter = filterOf(fields);
    expect(filter).toMatchObject({ since: NOW - 86_400_000, until: NOW - 3_600_000 });
    const link = Object.fromEntries(queryOf(filter ?? {}));
    expect(filterOf(link, NOW + 5000)).toEqual(filter);
  });
});
