import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { Failure } from './progress.mjs';
import { run } from './run.mjs';

const EXIT_CONFIG = 78;

/** The path of the first of these programs that is on the PATH, or undefined. */
export function lookUp(names, env = process.env) {
  const folders = (env.PATH ?? '').split(path.delimiter).filter(Boolean);
  return names
    .flatMap((name) => folders.map((folder) => path.join(folder, name)))
    .find(isExecutable);
}

export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Installs a package of Debian's where that is possible without asking for a password.
 * `byHand` makes the advice for where it is not.
 */
export async function installPackage(name, byHand) {
  if (!lookUp(['apt-get'])) throw new Failure(byHand('There is no apt-get here.'), EXIT_CONFIG);
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  const [command, ...args] = [...asRoot, 'sh', '-c', aptScript(name)];
  const { ok, output } = await run(command, args);
  if (!ok) throw new Failure(byHand(`apt-get could not do it:\n${output}`), EXIT_CONFIG);
}

/**
 * We want the program, not the service: policy-rc.d tells the package scripts to start nothing,
 * and is put back as it was even when apt-get fails.
 */
export function aptScript(name, policy = '/usr/sbin/policy-rc.d') {
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
    apt-get install -y -q --no-install-recommends ${name}
    if [ -d /run/systemd/system ]; then systemctl disable -q ${name} || true; fi
  `;
}
