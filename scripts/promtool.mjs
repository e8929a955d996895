import { installPackage, isExecutable, lookUp } from './apt.mjs';
import { Failure } from './progress.mjs';

const EXIT_CONFIG = 78;

/** The path of the promtool to use, or undefined. `PROMTOOL_BIN` goes first. */
export function findPromtool(env = process.env) {
  if (env.PROMTOOL_BIN) {
    if (isExecutable(env.PROMTOOL_BIN)) return env.PROMTOOL_BIN;
    throw new Failure(
      `PROMTOOL_BIN is ${env.PROMTOOL_BIN}, which is no program. ` +
        'Correct it, or unset it to use the one on the PATH.',
      EXIT_CONFIG,
    );
  }
  return lookUp(['promtool'], env);
}

/** Only the tests of the alert rules need it. Debian has it in the package of the server. */
export async function installPromtool() {
  await installPackage('prometheus', byHand);
  if (findPromtool()) return;
  throw new Failure(byHand('The package is in, but promtool is not on the PATH.'), EXIT_CONFIG);
}

function byHand(reason) {
  return `No promtool found, and it could not be installed. ${reason}

The tests of the alert rules run promtool, which comes with Prometheus. Install it and repeat the
command:
  Debian, Ubuntu   sudo apt-get install prometheus
  macOS            brew install prometheus
  Fedora, RHEL     sudo dnf install golang-github-prometheus
  Alpine           sudo apk add prometheus
or point to the one that is there:
                   PROMTOOL_BIN=/path/to/promtool`;
}
