import Table from 'cli-table3';

/** One column of a table: its title, and which side its cells keep to. */
export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** What a terminal would obey instead of showing, in texts that strangers wrote. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028\u2029]/gu;

const NO_LINES = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  ...{ left: '', right: '', middle: '  ' },
};

/** A table without lines; wide (Chinese) characters count as the two columns they take. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const table = new Table({
    head: columns.map(({ title }) => title),
    colAligns: columns.map(({ align }) => align ?? 'left'),
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  for (const row of rows) table.push(row.map(printable));
  return trimEnds(table.toString());
}

/** Names and values, one a line, the values under each other. */
export function renderFields(fields: readonly (readonly [string, string])[]): string {
  const table = new Table({
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  for (const [name, value] of fields) table.push([name, printable(value)]);
  return trimEnds(table.toString());
}

/** A text that cannot steer the terminal it is printed on. */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, '�');
}

function trimEnds(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
