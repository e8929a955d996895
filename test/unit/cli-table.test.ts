import { describe, expect, test } from 'vitest';
import { renderFields, renderTable } from '../../src/cli/table.ts';

/** Columns a terminal needs: wide characters take two. */
function widthTo(line: string, end: string): number {
  const before = line.slice(0, line.indexOf(end));
  return [...before].reduce((sum, char) => sum + (/\p{Script=Han}/u.test(char) ? 2 : 1), 0);
}

describe('a table', () => {
  test('keeps columns under each other with Chinese in them', () => {
    const table = renderTable(
      [{ title: 'item' }, { title: 'count', align: 'right' }, { title: 'x' }],
      [
        ['巧克力', '2', 'END'],
        ['tea', '10', 'END'],
      ],
    );
    const [head = '', first = '', second = ''] = table.split('\n');
    expect(head).toMatch(/^item +count +x$/);
    expect(widthTo(first, 'END')).toBe(widthTo(second, 'END'));
  });

  test('shows what a terminal would obey as a mark', () => {
    const table = renderTable([{ title: 'a' }], [['\u001b[31mred\nline']]);
    expect(table).not.toContain('\u001b');
    expect(table.split('\n')).toHaveLength(2);
  });

  test('has no spaces at the ends of lines', () => {
    const fields = renderFields([
      ['a', ''],
      ['long name', 'value'],
    ]);
    for (const line of fields.split('\n')) expect(line).toBe(line.trimEnd());
  });
});
