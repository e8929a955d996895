import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');
const SKIPPED = new Set(['node_modules', 'dist', 'data', 'coverage', '.git']);
const PAGES = filesBelow('', (file) => file.endsWith('.md'));
const SOURCES = ['src', 'scripts', 'test', 'bench'].flatMap((folder) =>
  filesBelow(folder, (file) => /\.(?:ts|mjs|lua)$/.test(file)),
);

describe('documents', () => {
  it('are found', () => {
    expect(PAGES).toContain('README.md');
    expect(PAGES).toContain('docs/decisions/0001-ledger.md');
  });

  it.each(PAGES)('%s links to files and headings that exist', (page) => {
    expect(linksOf(page).filter((link) => !resolves(page, link))).toEqual([]);
  });

  it.each(PAGES)('%s uses no path of somebody’s machine', (page) => {
    expect(read(page)).not.toMatch(/(?:^|[\s(`"'])\/(?:work|home|Users)\//m);
  });
});

describe('comments in the source', () => {
  it('name documents that exist', () => {
    const documents = readdirSync(path.join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' });
    const missing = mentions(/\bdocs\/([\w/.-]*\w)/g).filter(
      ({ name }) => !documents.some((file) => file === name || file.startsWith(`${name}-`)),
    );
    expect(missing).toEqual([]);
  });

  it('name sections of the WeChat facts that exist', () => {
    const facts = read('docs/wechat-facts.md');
    const sections = new Set([...facts.matchAll(/^#+ §([\d.]+) /gm)].map(([, number]) => number));
    const named = mentions(/WeChat facts ((?:,? ?(?:and )?§[\d.]*\d)+)/g).flatMap(
      ({ file, name }) =>
        [...name.matchAll(/§([\d.]*\d)/g)].map(([, number]) => ({ file, number })),
    );
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter(({ number }) => !sections.has(number ?? ''))).toEqual([]);
  });
});

function filesBelow(folder: string, wanted: (file: string) => boolean): string[] {
  return readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) return isSkipped(entry.name) ? [] : filesBelow(file, wanted);
    return wanted(file) ? [file] : [];
  });
}

function isSkipped(name: string): boolean {
  return SKIPPED.has(name) || name.startsWith('dist.');
}

function read(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8');
}

/** Targets of Markdown links outside of code. */
function linksOf(page: string): string[] {
  const text = read(page)
    .replaceAll(/^```[^]*?^```/gm, '')
    .replaceAll(/`[^`\n]*`/g, '');
  return [...text.matchAll(/\]\(([^()\s]+)\)/g)].map(([, target]) => target ?? '');
}

function resolves(page: string, link: string): boolean {
  if (/^(?:https?|mailto):/.test(link)) return true;
  const [target = '', heading] = link.split('#');
  const file = target === '' ? page : path.join(path.dirname(page), target);
  if (!existsSync(path.join(ROOT, file))) return false;
  return heading === undefined || headingsOf(file).includes(decodeURIComponent(heading));
}

/** Anchors as GitHub makes them. */
function headingsOf(page: string): string[] {
  const text = read(page).replaceAll(/^```[^]*?^```/gm, '');
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function mentions(pattern: RegExp): { file: string; name: string }[] {
  return SOURCES.flatMap((file) =>
    [...read(file).matchAll(pattern)].map(([, name = '']) => ({ file, name })),
  );
}
