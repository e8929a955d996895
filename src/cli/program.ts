import { Command } from 'commander';
import { version } from '../shared/version.ts';
import { cancelCommand } from './commands/cancel.ts';
import { addCompletion } from './commands/completion.ts';
import { deadLettersCommand } from './commands/dead-letters.ts';
import { doctorCommand } from './commands/doctor.ts';
import { explainCommand } from './commands/explain.ts';
import { findCommand } from './commands/find.ts';
import { keysCommand } from './commands/keys.ts';
import { outboxCommand } from './commands/outbox.ts';
import { pauseCommand, resumeCommand } from './commands/pause.ts';
import { queuesCommand } from './commands/queues.ts';
import { rateCommand } from './commands/rate.ts';
import { sendCommand } from './commands/send.ts';
import { simulatorCommand } from './commands/simulator.ts';
import { startCommand } from './commands/start.ts';
import { statusCommand } from './commands/status.ts';
import { tokenCommand } from './commands/token.ts';
import { unknownCommand } from './commands/unknown.ts';
import { usersCommand } from './commands/users.ts';

const AFTER = `
Every command takes --help; all but start, simulator and completion take --json and print one
JSON document.

Environment:
  REDIS_URL              Redis to use; default: a running "npm start" in this folder,
                         else redis://127.0.0.1:6379/0
  COURIER_ACCOUNTS_FILE  the accounts; default ./accounts.json
  COURIER_API_KEYS_FILE  hashed keys of the ingest API; default ./api-keys.json
  COURIER_DASHBOARD_USERS_FILE
                         users of the dashboard; default ./dashboard-users.json
  COURIER_OUTBOX_URL     database with the outbox; needed by outbox and start outbox only

Exit codes: 0 done, 1 failed, 2 wrong usage, 78 bad configuration`;

/** All commands of `courier`. */
export function buildProgram(): Command {
  const program = new Command('courier')
    .description('Sends messages of WeChat Official Accounts, and looks after them.')
    .version(version())
    .showHelpAfterError('Add --help for what is possible.')
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, 'ERR_USAGE: ')),
    })
    .addHelpText('after', AFTER);
  const commands = [
    startCommand(),
    sendCommand(),
    statusCommand(),
    findCommand(),
    cancelCommand(),
    deadLettersCommand(),
    unknownCommand(),
    queuesCommand(),
    pauseCommand(),
    resumeCommand(),
    rateCommand(),
    tokenCommand(),
    keysCommand(),
    usersCommand(),
    outboxCommand(),
    explainCommand(),
    doctorCommand(),
    simulatorCommand(),
  ];
  for (const command of commands) {
    inherit(program, command);
    program.addCommand(command);
  }
  addCompletion(program);
  return program;
}

/** Settings reach a command only when its parent creates it; ours come ready made. */
function inherit(parent: Command, child: Command): void {
  child.copyInheritedSettings(parent);
  for (const grandchild of child.commands) inherit(child, grandchild);
}
