import path from 'node:path';
import { Argument, Command, Option } from 'commander';
import { newUser, ROLES, type User, userSchema } from '../../dashboard/users/user.ts';
import { addUser, readUsers, removeUser } from '../../dashboard/users/users-file.ts';
import { systemClock } from '../../shared/clock.ts';
import { CourierError } from '../../shared/errors.ts';
import { answering, withExamples } from '../answer.ts';
import { readConfig } from '../connection.ts';
import { shownTime } from '../moment.ts';
import { readPassword } from '../password.ts';
import { renderTable } from '../table.ts';
import { UsageError } from '../usage-error.ts';

export function usersCommand(): Command {
  const command = new Command('users')
    .description('add, list and remove users of the dashboard')
    .addCommand(addCommand())
    .addCommand(listCommand())
    .addCommand(removeCommand());
  return withExamples(
    command,
    'courier users add li.na --role operator',
    'pwgen -s 20 1 | courier users add li.na --role operator --password-stdin',
    'courier users remove li.na',
  );
}

interface AddFlags {
  readonly role: User['role'];
  readonly passwordStdin?: boolean;
}

function addCommand(): Command {
  const command = new Command('add')
    .description('add a user, asking for the password; running dashboards take it within 5 seconds')
    .addArgument(new Argument('<name>', 'letters, digits and . _ @ -, at most 64'))
    .addOption(
      new Option('--role <role>', 'a viewer looks, an operator repairs')
        .choices(ROLES)
        .makeOptionMandatory(),
    )
    .option('--password-stdin', 'read the password from the first line of stdin, in scripts');
  withExamples(
    command,
    'courier users add li.na --role viewer',
    'courier users add li.na --role viewer --password-stdin < password.txt',
  );
  return answering(command, async (name: string, { role, passwordStdin }: AddFlags) => {
    if (!userSchema.shape.name.safeParse(name).success) {
      throw new UsageError(
        `<name>: expected 1 to 64 letters, digits, . _ @ or -, got "${name.slice(0, 64)}".`,
      );
    }
    if (!passwordStdin && !process.stdin.isTTY) {
      throw new UsageError(
        'Expected a terminal to ask for the password, or --password-stdin and it on stdin.',
      );
    }
    const file = usersFile();
    const user = await newUser({ name, role }, await readPassword(), systemClock.now);
    await addUser(file, user);
    return { json: { name, role }, text: `${name} may log in as ${role}. Written to ${file}.` };
  });
}

function listCommand(): Command {
  const command = new Command('list').description('list users and their roles');
  withExamples(command, 'courier users list --json');
  return answering(command, async () => {
    const file = usersFile();
    const users = readUsers(file);
    const json = { users: users.map(({ name, role, createdAt }) => ({ name, role, createdAt })) };
    return await Promise.resolve({ json, text: shownUsers(users, file) });
  });
}

function shownUsers(users: readonly User[], file: string): string {
  if (users.length === 0) {
    return `No users in ${file}. Add one: courier users add <name> --role operator`;
  }
  const table = renderTable(
    [{ title: 'name' }, { title: 'role' }, { title: 'created' }],
    users.map(({ name, role, createdAt }) => [name, role, shownTime(Date.parse(createdAt))]),
  );
  return `${table}\n\nThey are in ${file}.`;
}

function removeCommand(): Command {
  const command = new Command('remove')
    .description('remove a user; running dashboards end its sessions within 5 seconds')
    .argument('<name>', 'as list prints it');
  withExamples(command, 'courier users remove li.na');
  return answering(command, async (name: string) => {
    const file = usersFile();
    if (!(await removeUser(file, name))) {
      throw new CourierError(
        'ERR_UNKNOWN_USER',
        `Expected the name of a user in ${file}, got "${name.slice(0, 64)}". See: courier users list.`,
      );
    }
    return { json: { removed: name }, text: `${name} is removed from ${file}.` };
  });
}

/** In full, so that nobody takes the users of one folder for those of another. */
function usersFile(): string {
  return path.resolve(readConfig().dashboardUsersFile);
}
