import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';
import { withExamples } from '../answer.ts';
import { knownAppIds } from '../known-accounts.ts';

/**
 * Adds `completion`, which prints a script for a shell, and the hidden `complete`, which that
 * script calls to ask what is possible. After all other commands: it describes those it finds.
 */
export function addCompletion(program: Command): void {
  const completed = tab(program, { completionCommandName: 'completion' });
  for (const command of completed.commands.values()) {
    for (const named of [command.options.get('app'), command.arguments.get('appId')]) {
      if (named) named.handler = offerAppIds;
    }
  }
  const command = program.commands.find((one) => one.name() === 'completion');
  if (!command) throw new Error('unreachable: tab adds the command it is told to');
  command.description('print a script that completes commands, flags and appIds in your shell');
  withExamples(
    command,
    'source <(courier completion bash)   # in ~/.bashrc, with the package bash-completion',
    'source <(courier completion zsh)    # in ~/.zshrc',
    'courier completion fish > ~/.config/fish/completions/courier.fish',
  );
}

/** Without a readable accounts file there is nothing to offer, and no place to say why. */
function offerAppIds(offer: (value: string, description: string) => void): void {
  try {
    for (const appId of knownAppIds()) offer(appId, '');
  } catch {
    return;
  }
}
