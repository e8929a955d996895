import { Argument, Command } from 'commander';
import { withExamples } from '../answer.ts';
import { runSimulator } from './simulator.ts';

const ROLES = ['all', 'worker', 'ingest', 'dashboard', 'outbox', 'simulator'] as const;
type Role = (typeof ROLES)[number];

export function startCommand(): Command {
  const command = new Command('start')
    .description('run a role until SIGINT or SIGTERM')
    .addArgument(new Argument('[role]', 'what to run').choices(ROLES).default('all'))
    .action(start);
  return withExamples(
    command,
    'courier start          # everything, on a private Redis unless REDIS_URL is set',
    'courier start worker   # on the Redis of REDIS_URL; as many as you like',
    'courier start ingest   # the HTTP API for callers in any language',
    'courier start dashboard   # Bull Board and pages of our own, behind a login',
    'courier start outbox   # moves rows of COURIER_OUTBOX_URL into the lanes',
  );
}

async function start(role: Role): Promise<void> {
  switch (role) {
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
    case 'dashboard':
      await import('../../dashboard/main.ts');
      return;
    case 'outbox':
      await import('../../outbox/main.ts');
      return;
    case 'simulator':
      return await runSimulator({});
  }
}
