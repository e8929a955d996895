import { randomBytes } from 'node:crypto';
import { Command } from 'commander';
import { type ApiKey, newApiKey, type Scope, SCOPES } from '../../ingest/keys/api-key.ts';
import { addKey, readKeys, revokeKey } from '../../ingest/keys/keys-file.ts';
import { systemClock } from '../../shared/clock.ts';
import { CourierError } from '../../shared/errors.ts';
import { accountAppId } from '../../shared/message/identifier.ts';
import { answering, withExamples } from '../answer.ts';
import { readConfig } from '../connection.ts';
import { shownTime } from '../moment.ts';
import { renderTable } from '../table.ts';
import { UsageError } from '../usage-error.ts';

export function keysCommand(): Command {
  const command = new Command('keys')
    .description('create, list and revoke keys of the ingest API')
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(revokeCommand());
  return withExamples(
    command,
    'courier keys create --name order-service --scopes send:template,read',
    'courier keys revoke 0123456789ab',
  );
}

interface CreateFlags {
  readonly name: string;
  readonly app?: readonly string[];
  readonly scopes?: readonly Scope[];
}

function createCommand(): Command {
  const command = new Command('create')
    .description('create a key and print it, this once; two of a name may be active, for rotation')
    .requiredOption('--name <name>', 'who calls with it, 1 to 64 characters')
    .option('--app <appId>', 'an account it may use; repeat it for more (default: all)', another)
    .option('--scopes <list>', `out of ${SCOPES.join(', ')} (default: all)`, parseScopes);
  withExamples(
    command,
    'courier keys create --name order-service',
    'courier keys create --name refunds --app wx0123456789abcdef --scopes send:custom,read --json',
  );
  return answering(command, async ({ name, app = [], scopes = SCOPES }: CreateFlags) => {
    const trimmed = name.trim();
    if (!/^[\x20-\x7e\p{L}\p{N}]{1,64}$/u.test(trimmed)) {
      throw new UsageError(
        `--name: expected 1 to 64 printable characters, got "${name.slice(0, 40)}".`,
      );
    }
    for (const appId of app) checkAppId(appId);
    const appIds = app.length > 0 ? [...new Set(app)] : null;
    const deps = { randomBytes, now: systemClock.now };
    const created = newApiKey({ name: trimmed, scopes: [...scopes], appIds }, deps);
    await addKey(readConfig().apiKeysFile, created);
    const { id } = created.key;
    return {
      json: { id, key: created.plain },
      text:
        `${created.plain}\n\nThis is the key "${id}" of ${trimmed}. It is not kept and cannot be ` +
        'shown again.\nCallers send it as "Authorization: Bearer <key>". Running processes take ' +
        'it within 5 seconds.',
    };
  });
}

function listCommand(): Command {
  const command = new Command('list').description('list all keys, without what makes them work');
  withExamples(command, 'courier keys list --json');
  return answering(command, async () => {
    const keys = readKeys(readConfig().apiKeysFile);
    const json = { keys: keys.map(({ salt: _salt, hmac: _hmac, ...key }) => key) };
    return await Promise.resolve({ json, text: shownKeys(keys) });
  });
}

function shownKeys(keys: readonly ApiKey[]): string {
  if (keys.length === 0) return 'No keys. Create one: courier keys create --name <who calls>';
  return renderTable(
    [
      { title: 'id' },
      { title: 'name' },
      { title: 'scopes' },
      { title: 'accounts' },
      { title: 'created' },
      { title: 'state' },
    ],
    keys.map(({ id, name, scopes, appIds, createdAt, revokedAt }) => [
      id,
      name,
      scopes.length === SCOPES.length ? 'all' : scopes.join(' '),
      appIds?.join(' ') ?? 'all',
      shownTime(Date.parse(createdAt)),
      revokedAt ? `revoked ${shownTime(Date.parse(revokedAt))}` : 'active',
    ]),
  );
}

function revokeCommand(): Command {
  const command = new Command('revoke')
    .description('revoke a key; running processes refuse it within 5 seconds')
    .argument('<id>', 'as list prints it');
  withExamples(command, 'courier keys revoke 0123456789ab');
  return answering(command, async (id: string) => {
    const path = readConfig().apiKeysFile;
    const key = await revokeKey(path, id, systemClock.now);
    if (!key) {
      throw new CourierError(
        'ERR_UNKNOWN_KEY',
        `Expected the id of a key in ${path}, got "${id.slice(0, 40)}". See: courier keys list.`,
      );
    }
    return {
      json: { revoked: id },
      text: `The key ${id} of ${key.name} is revoked; running processes refuse it within 5 seconds.`,
    };
  });
}

function another(appId: string, before: readonly string[] = []): readonly string[] {
  return [...before, appId];
}

/** Its account may be added later, so only the form is looked at. */
function checkAppId(appId: string): void {
  if (accountAppId.safeParse(appId).success) return;
  throw new UsageError(
    `--app: expected an appId as in the accounts file, got "${appId.slice(0, 40)}".`,
  );
}

function parseScopes(text: string): readonly Scope[] {
  const names = text.split(',').map((name) => name.trim());
  const scopes = SCOPES.filter((scope) => names.includes(scope));
  const unknown = names.find((name) => !SCOPES.some((scope) => scope === name));
  if (unknown === undefined) return scopes;
  throw new UsageError(
    `--scopes: expected some of ${SCOPES.join(', ')}, separated by commas, got "${unknown.slice(0, 40)}".`,
  );
}
