/**
 * Sets up what a fresh clone lacks. Every step looks first and does nothing when there is
 * nothing to do. Node builtins only: node_modules may be what is missing.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { findChromium, hasChineseFont, installChineseFont, installChromium } from './chromium.mjs';
import { findPostgres, installPostgres } from './postgres.mjs';
import { findPromtool, installPromtool } from './promtool.mjs';
import { findRedis, installRedis } from './redis-server.mjs';
import { announce, Failure } from './progress.mjs';
import { ROOT, run } from './run.mjs';

const NODE_NEEDED = [20, 19];
const EXIT_CONFIG = 78;

/** Everything a command needs; `redis: false` and `build: false` leave those out. */
export async function setup({
  build = true,
  redis = true,
  postgres = false,
  chromium = false,
  chineseFont = false,
  promtool = false,
} = {}) {
  checkNode();
  await installPackages();
  if (build) await buildIfStale();
  if (redis) await provideRedis();
  if (postgres) await providePostgres();
  if (chromium) await provideChromium();
  if (promtool) await providePromtool();
  if (chineseFont && !hasChineseFont()) {
    await announce(
      'Installing a Chinese font with apt-get',
      'Chinese font installed',
      installChineseFont,
    );
  }
}

export function checkNode(version = process.versions.node) {
  const [major, minor] = version.split('.').map(Number);
  const [needMajor, needMinor] = NODE_NEEDED;
  if (major > needMajor || (major === needMajor && minor >= needMinor)) return;
  throw new Failure(
    `wechat-courier needs Node ${NODE_NEEDED.join('.')} or later; this is Node ${version}.`,
    EXIT_CONFIG,
  );
}

export async function installPackages(root = ROOT) {
  if (packagesInstalled(root)) return;
  await announce('Installing npm packages', 'npm packages installed', async () => {
    // No package of ours needs its install script, so none gets to run one.
    const args = ['ci', '--include=dev', '--ignore-scripts', '--loglevel=error'];
    const { ok, output } = await run('npm', args, { cwd: root });
    if (!ok) throw new Failure(`npm ci failed:\n${output}`);
  });
}

/** Compares the lock file with npm's own record of what it put into node_modules. */
export function packagesInstalled(root = ROOT) {
  const record = path.join(root, 'node_modules/.package-lock.json');
  if (!existsSync(record)) return false;
  const wanted = readPackages(path.join(root, 'package-lock.json'));
  const present = readPackages(record);
  return Object.entries(wanted).every(([name, { version, optional, devOptional }]) => {
    if (name === '') return true;
    if (!present[name]) return Boolean(optional ?? devOptional);
    return present[name].version === version;
  });
}

function readPackages(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

export async function buildIfStale() {
  if (isBuilt()) return;
  await announce('Building', 'Built dist/', async () => {
    const { ok, output } = await run(process.execPath, ['scripts/build.mjs']);
    if (!ok) throw new Failure(`The build failed:\n${output}`);
  });
}

function isBuilt() {
  const stamp = path.join(ROOT, 'dist/.stamp');
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === sourceStamp();
}

/** A hash over everything that the build reads. */
export function sourceStamp() {
  const hash = createHash('sha256');
  const sources = readdirSync(path.join(ROOT, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)))
    .sort();
  for (const file of [...sources, 'tsconfig.json', 'tsconfig.build.json', 'package.json']) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(path.join(ROOT, file)))
      .update('\0');
  }
  return hash.digest('hex');
}

/** Finds or installs a redis-server and names it to our child processes. */
export async function provideRedis() {
  if (!findRedis()) {
    await announce('Installing redis-server with apt-get', 'redis-server installed', installRedis);
  }
  process.env.REDIS_SERVER_BIN = findRedis();
}

/** Finds or installs PostgreSQL and names the folder of its programs to our child processes. */
async function providePostgres() {
  if (!findPostgres()) {
    await announce('Installing postgresql with apt-get', 'postgresql installed', installPostgres);
  }
  process.env.POSTGRES_BIN = findPostgres();
}

/** Finds or installs a Chromium and names it to our child processes. */
async function provideChromium() {
  if (!findChromium()) {
    await announce('Installing chromium with apt-get', 'chromium installed', installChromium);
  }
  process.env.CHROMIUM_BIN = findChromium();
}

/** Finds or installs a promtool and names it to our child processes. */
async function providePromtool() {
  if (!findPromtool()) {
    await announce(
      'Installing prometheus with apt-get, for its promtool',
      'promtool installed',
      installPromtool,
    );
  }
  process.env.PROMTOOL_BIN = findPromtool();
}
