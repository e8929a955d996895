/** Compiles src/ into dist/. What was there stays until the new build is complete. */
import {
  chmodSync,
  cpSync,
  existsSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { exitWith, Failure } from './progress.mjs';
import { ROOT, runTool } from './run.mjs';
import { checkNode, installPackages, sourceStamp } from './setup.mjs';

const SRC = path.join(ROOT, 'src');
const DIST = path.join(ROOT, 'dist');

async function build() {
  checkNode();
  await installPackages();
  const stamp = sourceStamp();
  const building = `${DIST}.${process.pid}`;
  try {
    await compile(building);
    copyScripts(building);
    makeExecutable(path.join(building, 'cli/main.js'));
    writeFileSync(path.join(building, '.stamp'), stamp);
    rmSync(DIST, { recursive: true, force: true });
    renameSync(building, DIST);
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
}

async function compile(outDir) {
  const args = ['-p', 'tsconfig.build.json', '--outDir', outDir];
  const { ok, output } = await runTool('typescript/bin/tsc', args);
  if (!ok) throw new Failure(output);
}

/** Lua scripts are read at run time, from beside the module that runs them. */
function copyScripts(outDir) {
  for (const file of readdirSync(SRC, { recursive: true })) {
    if (/\.(?:lua|sql)$/.test(file)) cpSync(path.join(SRC, file), path.join(outDir, file));
  }
}

function makeExecutable(file) {
  if (existsSync(file)) chmodSync(file, 0o755);
}

await build().catch(exitWith);
