import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');
const page = readFileSync(path.join(ROOT, 'docs/reliability.md'), 'utf8');
const rows = [...page.matchAll(/^\| (\d+) \| (.+) \| (.+) \| (.+) \|$/gm)].map(
  ([, number, what, answer, shownBy]) => ({ number: Number(number), what, answer, shownBy }),
);
/** What stands where no test does: the answer is then the reason, or the caveat. */
const WITHOUT_TEST = /^(?:reason|caveat|does not apply yet|all tests run without)$/;

describe('the 72 ways in which things go wrong', () => {
  it('are all answered, in order', () => {
    expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: 72 }, (_, at) => at + 1));
  });

  it.each(rows)(
    '$number is answered by a test, a command or a reason',
    ({ shownBy = '', answer }) => {
      expect(answer).toBeTruthy();
      const named = /\]\(\.\.\/test\//.test(shownBy) || /`npm run [\w-]+/.test(shownBy);
      expect(named || WITHOUT_TEST.test(shownBy)).toBe(true);
    },
  );

  it.each(rows)('$number names tests that exist', ({ shownBy = '' }) => {
    for (const [, file = '', titles = ''] of shownBy.matchAll(
      /\]\(\.\.\/(test\/[^)]+)\)((?:,? "[^"]+")*)/g,
    )) {
      expect(existsSync(path.join(ROOT, file)), file).toBe(true);
      const text = readFileSync(path.join(ROOT, file), 'utf8');
      for (const [, title = ''] of titles.matchAll(/"([^"]+)"/g)) {
        expect(text.includes(title), `${file}: ${title}`).toBe(true);
      }
    }
  });

  it.each(rows)('$number names commands that exist', ({ shownBy = '' }) => {
    const { scripts } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    for (const [, command = ''] of shownBy.matchAll(/`npm run ([\w-]+)/g)) {
      expect(scripts).toHaveProperty([command]);
    }
  });
});
