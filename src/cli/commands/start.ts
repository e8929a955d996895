import { Command } from 'commander';
import { withExamples } from '../answer.ts';
import { UsageError } from '../usage-error.ts';
import { runSimulator } from './simulator.ts';

const ROLES = ['all', 'worker', 'ingest', 'outbox', 'simulator'] as const;
/** Parts of the plan that this version does not have. */
const NOT_YET = ['callback', 'dashboard'];

export function startCommand(): Command {
  const command = new Command('start')
    .description('run a role until SIGINT or SIGTERM')
    .argument('[role]', `one of ${ROLES.join(', ')}`, 'all')
    .action(start);
  return withExamples(
    command,
    'courier start          # everything, on a private Redis unless REDIS_URL is set',
    'courier start worker   # on the Redis of REDIS_URL; as many as you like',
    'courier start ingest   # the HTTP API for callers in any language',
    'courier start outbox   # moves rows of COURIER_OUTBOX_URL into the lanes',
  );
}

async function start(role: string): Promise<void> {
  switch (ROLES.find((known) => known === role)) {
    case 'all': {
      const { startAll } = await import('../../local/start-all.ts');
      return await startAll(process.env);
    }
    case 'worker':
      await import('../../worker/main.ts');
      return;
    case 'ingest':
      await import('../../ingest/main.ts');
      return;
    case 'outbox':
      await import('../../outbox/main.ts');
      return;
    case 'simulator':
      return await runSimulator({});
    case undefined:
      throw new UsageError(refusal(role));
  }
}

function refusal(role: string): string {
  const expected = `Expected a role out of ${ROLES.join(', ')}`;
  return NOT_YET.includes(role)
    ? `${expected}; ${role} does not exist yet in this version.`
    : `${expected}, got "${role.slice(0, 40)}".`;
}
