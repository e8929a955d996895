/**
 * The stages of `npm run check` and `npm test`, and how they are counted: a static stage is one
 * passed or failed, a test stage is as many as it has tests.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { run, runTool } from './run.mjs';

const STATIC = {
  format: () => runTool('oxfmt/bin/oxfmt', ['--check']),
  lint: () => runTool('oxlint/bin/oxlint', ['--type-aware', '--deny-warnings']),
  types: () => runTool('typescript/bin/tsc', ['-p', 'tsconfig.json']),
  'unused code': () => runTool('knip/bin/knip.js', ['--no-progress']),
  'folder rule': () => run(process.execPath, ['scripts/folder-rule.mjs']),
};

export const STATIC_STAGES = Object.keys(STATIC);

/** Runs the stages one after another, all of them whatever fails, and adds up their counts. */
export async function runStages(names) {
  const total = { passed: 0, failed: 0 };
  for (const name of names) {
    const started = performance.now();
    const count = name in STATIC ? await runStatic(name) : await runTests(name);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    total.passed += count.passed;
    total.failed += count.failed;
    const mark = count.failed === 0 ? '✓' : '✗';
    console.log(
      `${mark} ${name.padEnd(12)} ${seconds.padStart(6)} s  ${count.note ?? ''}`.trimEnd(),
    );
  }
  return total;
}

async function runStatic(name) {
  const { ok, output } = await STATIC[name]();
  if (!ok) console.log(`\n--- ${name} ---\n${output}\n`);
  return ok ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

async function runTests(project) {
  console.log(`\n--- ${project} tests ---`);
  const folder = mkdtempSync(path.join(tmpdir(), 'courier-report-'));
  const report = path.join(folder, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const args = ['run', '--project', project, ...reporters];
  const { ok } = await runTool('vitest/vitest.mjs', args, { show: true });
  const count = countTests(report, ok);
  rmSync(folder, { recursive: true, force: true });
  return count;
}

/** The counts of a vitest JSON report; whatever went wrong beside the tests is a failure too. */
export function countTests(report, runnerOk) {
  let result;
  try {
    result = JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, note: 'the runner left no report' };
  }
  const passed = result.numPassedTests;
  const broken = result.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((t) => t.status === 'failed'),
  ).length;
  const failed = result.numFailedTests + broken;
  const skipped = result.numPendingTests + result.numTodoTests;
  const note = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  if (passed + failed === 0) return { passed, failed: 1, note: 'no test was executed' };
  if (!runnerOk && failed === 0)
    return { passed, failed: 1, note: `${note}, and the runner failed` };
  return { passed, failed, note };
}
