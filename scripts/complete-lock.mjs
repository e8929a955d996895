/**
 * Completes package-lock.json. Tools with a binary name one optional package per platform; a
 * registry that lacks some of them makes `npm install` leave those out of the lock file, and
 * `npm ci` then refuses it everywhere. Run it after `npm install` when the unit tests say so.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './run.mjs';

const PLATFORM =
  /(?<os>android|darwin|freebsd|linux|openharmony|win32)-(?<cpu>arm64|arm|x64|ia32|ppc64|riscv64|s390x)(-(?<abi>\w+))?$/;
const LIBC = { gnu: ['glibc'], musl: ['musl'] };

/** The optional packages that `packages` of a lock file names but does not describe. */
export function missingOptional(packages) {
  return Object.entries(packages).flatMap(([parent, { optionalDependencies = {}, dev }]) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => !packages[`node_modules/${name}`] && !packages[nested(parent, name)])
      .map(([name, version]) => ({ name, version, dev })),
  );
}

const nested = (parent, name) => `${parent}/node_modules/${name}`;

function describe({ name, version, dev }) {
  const { os, cpu, abi } = PLATFORM.exec(name)?.groups ?? {};
  if (!os || !/^\d/.test(version)) throw new Error(`${name}@${version} names no platform`);
  const libc = os === 'linux' ? LIBC[abi] : undefined;
  return {
    version,
    cpu: [cpu],
    ...(dev && { dev }),
    ...(libc && { libc }),
    optional: true,
    os: [os],
  };
}

if (process.argv[1] === import.meta.filename) {
  const file = path.join(ROOT, 'package-lock.json');
  const lock = JSON.parse(readFileSync(file, 'utf8'));
  const missing = missingOptional(lock.packages);
  for (const one of missing) lock.packages[`node_modules/${one.name}`] = describe(one);
  const sorted = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en'));
  lock.packages = Object.fromEntries(sorted);
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`${missing.length} platform packages added to package-lock.json`);
}
