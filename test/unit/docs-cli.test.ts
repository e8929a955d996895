import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { buildProgram } from '../../src/cli/program.ts';

const PAGES = ['docs/cli.md', 'docs/cli.zh-CN.md'];
/** The part of each page that is the commands' own help. */
const HELP = /(?<=<!-- help -->\n)[^]*(?=<!-- \/help -->)/;

describe('the pages of the terminal', () => {
  const help = helpOfAll();

  it.each(PAGES)('%s shows the help of every command as it is', (page) => {
    if (process.env['UPDATE_DOCS']) {
      const text = readFileSync(page, 'utf8');
      writeFileSync(
        page,
        text.replace(HELP, () => help),
      );
    }
    expect(HELP.exec(readFileSync(page, 'utf8'))?.[0]).toBe(help);
  });

  it.each(PAGES)('every `courier …` line of %s names a command that exists', (page) => {
    const text = readFileSync(page, 'utf8').replace(HELP, '');
    const lines = [...text.matchAll(/^(?:\$ )?courier ([a-z-]+)(?: ([a-z-]+))?/gm)];
    expect(lines.length).toBeGreaterThan(10);
    for (const [line, name, sub] of lines) {
      const command = buildProgram().commands.find((one) => one.name() === name);
      expect(command, line).toBeDefined();
      const subs = command?.commands.map((one) => one.name()) ?? [];
      expect(subs.length === 0 ? [sub] : [...subs, undefined], line).toContain(sub);
    }
  });

  it('both languages have the same headings and commands', () => {
    const [english, chinese] = PAGES.map((page) => skeleton(readFileSync(page, 'utf8')));
    expect(chinese).toEqual(english);
  });
});

/** Headings by level, and the lines that are typed, without remarks. */
function skeleton(text: string): string[] {
  const lines = text.split('\n').filter((line) => /^(?:#+ |(?:\$ )?courier )/.test(line));
  return lines.map((line) => line.replace(/^(#+) .*/, '$1').replace(/\s+#.*$/, ''));
}

function helpOfAll(): string {
  const parts = buildProgram()
    .commands.filter((command) => command.name() !== 'complete')
    .flatMap((command) => [command, ...command.commands])
    .map((command) => `\n### \`${pathOf(command)}\`\n\n\`\`\`text\n${helpOf(command)}\`\`\`\n`);
  return `${parts.join('')}\n`;
}

function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

function helpOf(command: Command): string {
  let help = '';
  command.configureHelp({ helpWidth: 90 });
  command.configureOutput({ writeOut: (text) => (help += text), getOutHasColors: () => false });
  command.outputHelp();
  return `${help.trimEnd()}\n`;
}
