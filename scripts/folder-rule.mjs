/**
 * Who may import whom (.dependency-cruiser.cjs), and what files may not be called.
 * Usage: node scripts/folder-rule.mjs [folder of the project]
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { ROOT, runTool } from './run.mjs';

/** Names that say nothing about what is inside. */
const EMPTY_NAMES = /^(utils?|helpers?|managers?|common)(\.|$)/;

const root = path.resolve(process.argv[2] ?? ROOT);
const problems = [...(await importProblems()), ...nameProblems()];
for (const problem of problems) console.log(problem);
process.exitCode = problems.length === 0 ? 0 : 1;

async function importProblems() {
  const args = ['--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'src'];
  const tool = 'dependency-cruiser/bin/dependency-cruise.mjs';
  const { stdout, output } = await runTool(tool, args, { cwd: root });
  let summary;
  try {
    ({ summary } = JSON.parse(stdout));
  } catch {
    return [`dependency-cruiser failed:\n${output}`];
  }
  // With a TypeScript it cannot use, it sees nothing and is content.
  if (summary.totalCruised === 0) return ['dependency-cruiser saw 0 modules in src'];
  console.log(`${summary.totalCruised} modules, ${summary.totalDependenciesCruised} imports`);
  return summary.violations.map(({ rule, from, to, cycle }) => {
    const route = cycle ? cycle.map((step) => step.name).join(' -> ') : to;
    return `${rule.name}: ${from} -> ${route}`;
  });
}

function nameProblems() {
  return readdirSync(path.join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => EMPTY_NAMES.test(path.basename(file)))
    .map((file) => `empty-name: src/${file} says nothing about what is inside; name the thing`);
}
