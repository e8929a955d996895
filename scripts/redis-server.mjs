import { installPackage, isExecutable, lookUp } from './apt.mjs';
import { Failure } from './progress.mjs';

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

export async function installRedis() {
  await installPackage('redis-server', byHand);
  if (findRedis()) return;
  throw new Failure(byHand('The package is in, but not on the PATH.'), EXIT_CONFIG);
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
