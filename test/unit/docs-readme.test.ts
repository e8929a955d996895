import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildProgram } from '../../src/cli/program.ts';
import { classOf } from '../../src/shared/errcodes/errcode.ts';
import { DEAD_REASONS, ERRCODE_CLASSES, MESSAGE_STATES } from '../../src/shared/outcome.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');
const english = read('README.md');
const chinese = read('README.zh-CN.md');

describe('README.md and README.zh-CN.md', () => {
  it('have the same headings in the same order', () => {
    expect(levelsOf(chinese)).toEqual(levelsOf(english));
  });

  it('have the same code blocks, apart from comments and drawings', () => {
    expect(codeOf(chinese).map(untranslated)).toEqual(codeOf(english).map(untranslated));
  });

  it('have tables of the same size in the same order', () => {
    expect(tablesOf(chinese)).toEqual(tablesOf(english));
  });

  it('name the same things in each section', () => {
    expect(sectionsOf(chinese).map(namesIn)).toEqual(sectionsOf(english).map(namesIn));
  });

  it('link to the same places in each section', () => {
    expect(sectionsOf(chinese).map(linksIn)).toEqual(sectionsOf(english).map(linksIn));
  });
});

describe('README.md', () => {
  it('shows examples/order-service.ts, which is type-checked', () => {
    const example = read('examples/order-service.ts');
    const published = example.replace("'../src/producer/index.ts'", "'wechat-courier/producer'");
    expect(published).not.toBe(example);
    expect(codeOf(english)).toContain(`ts\n${published}`);
  });

  it('has what it is, how to try it and how to call it on the first screen', () => {
    const screen = english.split('\n').slice(0, 45).join('\n');
    expect(screen).toContain('npm run demo');
    expect(screen).toContain('npm test');
    expect(screen).toContain(`from 'wechat-courier/producer'`);
    expect(screen).toContain('await courier.close();');
  });

  it('explains every state and every reason of death', () => {
    const section = sectionsOf(english).find((text) => text.startsWith('What happens')) ?? '';
    expect(firstCells(section)).toEqual([...MESSAGE_STATES]);
    for (const reason of DEAD_REASONS) expect(section).toContain(`\`${reason}\``);
  });

  it('sorts its examples of codes as the code does', () => {
    const section = sectionsOf(english).find((text) => text.startsWith('What WeChat')) ?? '';
    const rows = [...section.matchAll(/^\| `([\w-]+)` \| ([-\d, ]+) \|/gm)];
    const listed = new Set(['ok', ...rows.map(([, name]) => name)]);
    expect(listed).toEqual(new Set(ERRCODE_CLASSES));
    for (const [, name, codes = ''] of rows) {
      for (const code of codes.split(', '))
        expect([code, classOf(Number(code), 'send')]).toEqual([code, name]);
    }
  });

  it('names every command of courier', () => {
    const section = sectionsOf(english).find((text) => text.includes('from a terminal')) ?? '';
    const commands = buildProgram().commands.filter((one) => one.name() !== 'complete');
    for (const command of commands) expect(section).toMatch(new RegExp(`\`${command.name()}[ \`]`));
  });

  it('names every folder', () => {
    const map = codeOf(english).find((block) => block.includes('src/shared')) ?? '';
    for (const folder of ['bench', 'deploy', 'docs', 'examples', 'scripts', 'test', '.ci'])
      expect(map).toMatch(new RegExp(`^${folder.replace('.', '\\.')}/ `, 'm'));
  });
});

/** `#`, `##`, … in order; code blocks are no headings. */
function levelsOf(text: string): string[] {
  return [...withoutCode(text).matchAll(/^(#+) /gm)].map(([, level = '']) => level);
}

function tablesOf(text: string): string[] {
  const tables = withoutCode(text).match(/(?:^\|.*\n)+/gm) ?? [];
  return tables.map((table) => {
    const [head = '', ...rows] = table.trim().split('\n');
    return `${head.split('|').length - 2} columns, ${rows.length - 1} rows`;
  });
}

/** Language and text of each code block. */
function codeOf(text: string): string[] {
  return [...text.matchAll(/^```([^]*?)^```$/gm)].map(([, block = '']) => block);
}

/** What both languages must share of a block: of a drawing the number of lines. */
function untranslated(block: string): string {
  if (block.startsWith('text\n')) return `text of ${block.split('\n').length} lines`;
  return /^(?:ts|sh)\n/.test(block) ? block.replaceAll(/\s+(?:\/\/|#) .*$/gm, '') : block;
}

/** The text under each heading of the second level, from the heading on. */
function sectionsOf(text: string): string[] {
  return withoutCode(text).split(/^## /m);
}

/** What stands in backquotes: names that no language translates. */
function namesIn(section: string): string[] {
  return [...section.matchAll(/`([^`\n]+)`/g)].map(([, name = '']) => name).toSorted();
}

/** The other language's page stands for this one. */
function linksIn(section: string): string[] {
  return [...section.matchAll(/\]\(([^()\s]+)\)/g)]
    .map(([, target = '']) => target.replace('.zh-CN.', '.'))
    .toSorted();
}

function firstCells(section: string): string[] {
  return [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, cell = '']) => cell);
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```[^]*?^```$/gm, '');
}
