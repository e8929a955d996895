import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { VARIABLES } from '../../src/shared/config.ts';
import { ERROR_CODES } from '../../src/shared/errors.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');

/** Rows of the first table below a heading or mark, without head and rule. */
function rowsAfter(text: string, mark: string): string[][] {
  const lines = text.slice(text.indexOf(mark) + mark.length).split('\n');
  const start = lines.findIndex((line) => line.startsWith('|'));
  const length = lines.slice(start).findIndex((line) => !line.startsWith('|'));
  return lines.slice(start + 2, start + length).map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

describe('docs/errors.md', () => {
  const text = read('docs/errors.md');

  it('lists exactly the codes of the catalogue, with their meanings', () => {
    const rows = rowsAfter(text, '## Codes').map(([code, meaning]) => [code, meaning]);
    expect(rows).toEqual(
      Object.entries(ERROR_CODES).map(([code, meaning]) => [`\`${code}\``, meaning]),
    );
  });

  it('says about each code what to do', () => {
    const headings = [...text.matchAll(/^## (ERR_\w+)$/gm)].map(([, code]) => code);
    expect(headings).toEqual(Object.keys(ERROR_CODES));
  });
});

describe('docs/configuration.md', () => {
  const file = 'docs/configuration.md';

  it('has the table of variables that src/shared/config.ts stands for', () => {
    const between = /(<!-- variables -->\n)[^]*?(<!-- \/variables -->)/;
    const wanted = read(file).replace(between, `$1\n${variablesTable()}\n$2`);
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(path.join(ROOT, file), wanted);
    expect(read(file)).toMatch(between);
    expect(read(file)).toBe(wanted);
  });
});

function variablesTable(): string {
  const rows = VARIABLES.map(
    ({ name, default: standard, meaning }) =>
      `| \`${name}\` | ${standard === undefined ? 'none' : `\`${standard}\``} | ${meaning} |\n`,
  );
  return `| variable | default | meaning |\n| --- | --- | --- |\n${rows.join('')}`;
}
