import type { Command } from 'commander';

/** What a command found or did, for machines and for people. */
export interface Answer {
  /** One JSON document on stdout with `--json`. */
  readonly json: unknown;
  /** Stdout without `--json`. */
  readonly text: string;
  /** Default 0; 1 when what was asked for did not happen. */
  readonly exitCode?: 0 | 1;
}

/** Gives a command its `--json` and prints what it answers, in one form or the other. */
export function answering<Args extends unknown[]>(
  command: Command,
  act: (...args: Args) => Promise<Answer>,
): Command {
  return command
    .option('--json', 'print one JSON document, for machines')
    .action(async (...args: unknown[]) => {
      const answer = await act(...(args as Args));
      const asJson = command.opts<{ json?: boolean }>().json === true;
      process.stdout.write(`${asJson ? JSON.stringify(answer.json) : answer.text}\n`);
      process.exitCode = answer.exitCode ?? 0;
    });
}

/** Examples at the end of a command's help. */
export function withExamples(command: Command, ...examples: string[]): Command {
  return command.addHelpText('after', `\nExamples:\n${examples.map((e) => `  ${e}`).join('\n')}`);
}
