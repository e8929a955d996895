import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { Failure } from './progress.mjs';
import { run } from './run.mjs';

const EXIT_CONFIG = 78;
const NAMES = ['redis-server', 'valkey-server'];

/** The path of the server to use, or undefined. `REDIS_SERVER_BIN` goes first. */
export function findRedis(env = process.env) {
  if (env.REDIS_SERVER_BIN) {
    if (isExecutable(env.REDIS_SERVER_BIN)) return env.REDIS_SERVER_BIN;
    throw new Failure(
      `REDIS_SERVER_BIN is ${env.REDIS_SERVER_BIN}, which is no program. ` +
        'Correct it, or unset it to use the one on the PATH.',
      EXIT_CONFIG,
    );
  }
  return lookUp(NAMES, env);
}

function lookUp(names, env = process.env) {
  const folders = (env.PATH ?? '').split(path.delimiter).filter(Boolean);
  return names
    .flatMap((name) => folders.map((folder) => path.join(folder, name)))
    .find(isExecutable);
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Installs Debian's package where that is possible without asking for a password. */
export async function installRedis() {
  if (!lookUp(['apt-get'])) throw new Failure(byHand('There is no apt-get here.'), EXIT_CONFIG);
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  const [command, ...args] = [...asRoot, 'sh', '-c', aptScript()];
  const { ok, output } = await run(command, args);
  if (!ok) throw new Failure(byHand(`apt-get could not do it:\n${output}`), EXIT_CONFIG);
  if (!findRedis()) {
    throw new Failure(byHand('The package is in, but not on the PATH.'), EXIT_CONFIG);
  }
}

/**
 * We want the program, not the service: policy-rc.d tells the package scripts to start nothing,
 * and is put back as it was even when apt-get fails.
 */
export function aptScript(policy = '/usr/sbin/policy-rc.d') {
  return `
    set -eu
    policy='${policy}'
    kept="$policy.before-courier"
    restore() {
      rm -f "$policy"
      if [ -e "$kept" ]; then mv "$kept" "$policy"; fi
    }
    trap restore EXIT
    trap 'exit 1' INT TERM HUP
    if [ -e "$policy" ] && [ ! -e "$kept" ]; then mv "$policy" "$kept"; fi
    printf '#!/bin/sh\\nexit 101\\n' > "$policy"
    chmod 755 "$policy"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q
    apt-get install -y -q --no-install-recommends redis-server
    if [ -d /run/systemd/system ]; then systemctl disable -q redis-server || true; fi
  `;
}

function byHand(reason) {
  return `No redis-server found, and it could not be installed. ${reason}

Install Redis 6.2 or later (or Valkey) and repeat the command:
  Debian, Ubuntu   sudo apt-get install redis-server
  macOS            brew install redis
  Fedora, RHEL     sudo dnf install redis        (or valkey)
  Alpine           sudo apk add redis
  Windows          use WSL, then as for Ubuntu
or point to what is there:
  a program        REDIS_SERVER_BIN=/path/to/redis-server
  with Docker      docker compose up             (the whole service, with its Redis)`;
}
