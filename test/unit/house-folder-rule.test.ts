import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');
const root = mkdtempSync(path.join(tmpdir(), 'courier-folder-rule-'));

/** What is planted, and the rule that must see it. */
const PLANTED = [
  ['shared/planted.ts', '../producer/index.ts', 'shared-is-the-leaf'],
  ['producer/planted.ts', '../worker/planted.ts', 'producer-not-worker'],
  ['worker/planted.ts', '../producer/planted-too.ts', 'worker-not-producer'],
  ['ingest/planted.ts', '../callback/planted.ts', 'edges-stay-apart'],
  ['simulator/planted.ts', '../shared/errors.ts', 'simulator-knows-nothing'],
  ['local/planted.ts', '../simulator/planted.ts', 'simulator-is-started-only'],
  ['worker/decide/planted.ts', 'node:path', 'decide-is-pure'],
  ['worker/decide/planted-too.ts', '../../shared/planted-io.ts', 'decide-reaches-no-io'],
  ['cli/planted.ts', 'bullmq', 'bullmq-has-its-place'],
  ['dashboard/planted.ts', 'ioredis', 'ioredis-has-its-place'],
  ['callback/planted.ts', 'undici', 'undici-has-its-place'],
  ['worker/send/planted.ts', 'bottleneck', 'bottleneck-has-its-place'],
  ['cli/planted-too.ts', '../../test/planted.ts', 'src-stands-alone'],
  ['shared/cycle-a.ts', './cycle-b.ts', 'no-cycle'],
  ['local/planted-too.ts', 'vitest', 'ships-with-its-packages'],
  ['local/planted-three.ts', './nowhere.ts', 'resolves'],
] as const;

function write(file: string, text: string): void {
  const full = path.join(root, file);
  mkdirSync(path.dirname(full), { recursive: true });
  writeFileSync(full, text);
}

function runRule(): { status: number | null; report: string } {
  const script = path.join(ROOT, 'scripts/folder-rule.mjs');
  const { status, stdout } = spawnSync(process.execPath, [script, root], { encoding: 'utf8' });
  return { status, report: stdout };
}

beforeAll(() => {
  for (const file of ['.dependency-cruiser.cjs', 'tsconfig.json', 'package.json']) {
    cpSync(path.join(ROOT, file), path.join(root, file));
  }
  write('test/planted.ts', 'export const test = 1;\n');
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(root, 'node_modules'));
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

/** The checker is a process of its own, slow to start on a busy machine. */
const CHECKER_MS = 30_000;

describe('a source without modules', () => {
  it(
    'is refused, as a checker that sees nothing would pass everything',
    () => {
      mkdirSync(path.join(root, 'src'));
      expect(runRule()).toMatchObject({ status: 1, report: expect.stringContaining('0 modules') });
    },
    CHECKER_MS,
  );
});

describe('a clean source', () => {
  it(
    'passes, and the checker says how much it saw',
    () => {
      write('src/shared/errors.ts', `export const errors = 1;\n`);
      write('src/producer/index.ts', `export { errors } from '../shared/errors.ts';\n`);
      expect(runRule()).toMatchObject({ status: 0, report: '2 modules, 1 imports\n' });
    },
    CHECKER_MS,
  );
});

describe('a source with planted violations', () => {
  let result: ReturnType<typeof runRule>;

  beforeAll(() => {
    write('src/producer/planted-too.ts', 'export const producer = 1;\n');
    write('src/shared/planted-io.ts', `import 'ioredis';\n`);
    write('src/shared/cycle-b.ts', `import './cycle-a.ts';\n`);
    write('src/shared/utils.ts', 'export const anything = 1;\n');
    write('src/worker/helpers/anything.ts', 'export const anything = 1;\n');
    for (const [file, target] of PLANTED) write(`src/${file}`, `import '${target}';\n`);
    result = runRule();
  }, CHECKER_MS);

  it.each(PLANTED)('%s importing %s is reported by %s', (file, _target, rule) => {
    expect(result.report).toContain(`${rule}: src/${file} -> `);
  });

  it('reports names that say nothing', () => {
    expect(result.report).toContain('empty-name: src/shared/utils.ts');
    expect(result.report).toContain('empty-name: src/worker/helpers');
  });

  it('fails', () => {
    expect(result.status).toBe(1);
  });
});
