import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { logLiterals } from '../helpers/log-literals.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const literals = logLiterals(ROOT, 'src');

/** A row of a table, with its sample. */
interface Documented {
  readonly levels: readonly string[];
  readonly msg: string;
  /** With a `?` where they may be absent; a `…` says that there are more. */
  readonly fields: readonly string[];
  readonly sample: Readonly<Record<string, unknown>>;
}

const english = documented('docs/logs.md');

describe('docs/logs.md', () => {
  it('is compared with all that is logged', () => {
    expect(literals.length).toBeGreaterThan(50);
    expect(literals.map(({ msg }) => msg)).toContain('delivery');
  });

  it.each(literals)('has "$msg" of $at, with its fields', ({ level, msg, fields, isComplete }) => {
    const rows = english.filter((row) => row.msg === msg && row.levels.includes(level));
    const candidates = rows.map((row) => differences(row, fields, isComplete));
    expect(candidates).toContainEqual({ undocumented: [], notLogged: [] });
  });

  it.each(english)('says of "$msg" only what is logged', ({ levels, msg }) => {
    const logged = literals.filter((literal) => literal.msg === msg).map(({ level }) => level);
    expect(logged).toEqual(expect.arrayContaining([...levels]));
  });

  it.each(english)('shows "$msg" as it is', ({ levels, msg, fields, sample }) => {
    const { level, msg: text, ...shown } = sample;
    expect(levels).toContain(level);
    expect(String(text)).toMatch(patternOf(msg));
    const known = new Set(fields.map((field) => field.replace('?', '')));
    const needed = fields.filter((field) => !field.endsWith('?') && field !== '…');
    expect(Object.keys(shown)).toEqual(expect.arrayContaining(needed));
    expect(Object.keys(shown).filter((name) => !known.has(name) && !known.has('…'))).toEqual([]);
  });

  it('says the same lines in Chinese', () => {
    expect(documented('docs/logs.zh-CN.md')).toEqual(english);
  });
});

/** Some loggers add the account to every line. */
const ADDED = ['appId'];

function differences(row: Documented, logged: readonly string[], isComplete: boolean) {
  const known = row.fields.map((field) => field.replace('?', ''));
  const extra = known.filter((name) => !logged.includes(name) && !ADDED.includes(name));
  return {
    undocumented: logged.filter((name) => !known.includes(name)),
    notLogged: isComplete ? extra : [],
  };
}

/** Sections with a table of four columns, and below it a block with one sample for each row. */
function documented(file: string): Documented[] {
  const text = readFileSync(path.join(ROOT, file), 'utf8');
  return text.split(/^## /m).flatMap((section) => {
    const rows = [...section.matchAll(/^\| ([a-z, ]+) \| `(.+?)` \| (.*?) ?\| (.+) \|$/gm)];
    const [, block = ''] = /^```json\n([^]*?)^```/m.exec(section) ?? [];
    const samples = block.trim().split('\n');
    if (rows.length > 0 && samples.length !== rows.length) {
      throw new Error(
        `${file}: ${rows.length} rows and ${samples.length} samples in ${section.slice(0, 30)}`,
      );
    }
    return rows.map(([, levels = '', msg = '', fields = ''], index) => ({
      levels: levels.split(', '),
      msg,
      fields: [...fields.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
      sample: JSON.parse(samples[index] ?? '') as Record<string, unknown>,
    }));
  });
}

function patternOf(msg: string): RegExp {
  const parts = msg.split('…').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.+')}$`);
}
