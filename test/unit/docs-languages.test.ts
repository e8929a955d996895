import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const CHINESE = readdirSync('docs').filter((name) => name.endsWith('.zh-CN.md'));

describe('pages in two languages', () => {
  it.each(CHINESE)('docs/%s has the sections and the code of the English page', (name) => {
    const [chinese, english] = [name, name.replace('.zh-CN', '')].map((page) =>
      skeleton(readFileSync(`docs/${page}`, 'utf8')),
    );
    expect(chinese).toEqual(english);
  });

  it.each([...CHINESE, ...CHINESE.map((name) => name.replace('.zh-CN', ''))])(
    'docs/%s links to pages that exist',
    (name) => {
      const text = readFileSync(`docs/${name}`, 'utf8');
      const targets = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target]) => target);
      for (const target of targets) expect(() => readdirOrFile(`docs/${target}`)).not.toThrow();
    },
  );
});

function readdirOrFile(target: string): unknown {
  try {
    return readFileSync(target);
  } catch {
    return readdirSync(target);
  }
}

/** Headings by level; code without remarks. */
function skeleton(text: string): string[] {
  let inCode = false;
  return text.split('\n').flatMap((line) => {
    const bare = line.trim();
    if (bare.startsWith('```')) {
      inCode = !inCode;
      return [bare];
    }
    if (inCode) return [bare.replace(/(?:^|\s+)(?:#|\/\/|--) .*$/, '')];
    return /^#+ /.test(line) ? [line.replace(/^(#+) .*/, '$1')] : [];
  });
}
