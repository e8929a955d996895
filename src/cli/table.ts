import { styleText } from 'node:util';
import Table from 'cli-table3';

/** One column of a table: its title, and which side its cells keep to. */
export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** A text, perhaps with a colour that is used on terminals only. */
export type Cell = string | { readonly text: string; readonly style: Style };
export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow';

/** What a terminal would obey instead of showing, in texts that strangers wrote. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028\u2029]/gu;

const LINES = ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left'];
LINES.push('bottom-right', 'left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid');
const LAYOUT = {
  chars: { ...Object.fromEntries(LINES.map((name) => [name, ''])), middle: '  ' },
  style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
};

/** A table without lines; wide (Chinese) characters count as the two columns they take. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
): string {
  const table = new Table({
    head: columns.map(({ title }) => painted({ text: title, style: 'bold' })),
    colAligns: columns.map(({ align }) => align ?? 'left'),
    ...LAYOUT,
  });
  for (const row of rows) table.push(row.map(painted));
  return trimEnds(table.toString());
}

/** Names and values, one a line, the values under each other. */
export function renderFields(fields: readonly (readonly [string, Cell])[]): string {
  const table = new Table(LAYOUT);
  for (const [name, value] of fields)
    table.push([painted({ text: name, style: 'bold' }), painted(value)]);
  return trimEnds(table.toString());
}

const hasColours = process.stdout.isTTY && !process.env['NO_COLOR'];

/** A cell as it is printed. */
export function painted(cell: Cell): string {
  if (typeof cell === 'string') return printable(cell);
  const text = printable(cell.text);
  return hasColours ? styleText(cell.style, text) : text;
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
