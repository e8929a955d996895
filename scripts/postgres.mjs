import { readdirSync } from 'node:fs';
import path from 'node:path';
import { installPackage, isExecutable, lookUp } from './apt.mjs';
import { Failure } from './progress.mjs';

const EXIT_CONFIG = 78;
/** Debian keeps the server's programs off the PATH, in a folder for each version. */
const DEBIAN = '/usr/lib/postgresql';

/** The folder with PostgreSQL's `initdb` and `postgres`, or undefined. */
export function findPostgres(env = process.env, debian = DEBIAN) {
  const onPath = lookUp(['initdb'], env);
  const folders = [env.POSTGRES_BIN, ...versionsOf(debian), onPath && path.dirname(onPath)];
  return folders.find(
    (folder) =>
      folder && ['initdb', 'postgres'].every((name) => isExecutable(path.join(folder, name))),
  );
}

/** Newest first. */
function versionsOf(debian) {
  try {
    return readdirSync(debian)
      .sort((left, right) => Number(right) - Number(left))
      .map((version) => path.join(debian, version, 'bin'));
  } catch {
    return [];
  }
}

/** Only the tests of the outbox need a PostgreSQL. */
export async function installPostgres() {
  await installPackage('postgresql', byHand);
  if (findPostgres()) return;
  throw new Failure(byHand('The package is in, but its programs are not.'), EXIT_CONFIG);
}

function byHand(reason) {
  return `No PostgreSQL found, and it could not be installed. ${reason}

The tests of the outbox start a PostgreSQL of their own. Install one and repeat the command:
  Debian, Ubuntu   sudo apt-get install postgresql
  macOS            brew install postgresql
  Fedora, RHEL     sudo dnf install postgresql-server
or point to the folder with initdb and postgres:
                   POSTGRES_BIN=/path/to/bin`;
}
