import { Command } from 'commander';
import { answering, withExamples } from '../answer.ts';
import { withAccount } from '../with-account.ts';

export function pauseCommand(): Command {
  const command = new Command('pause')
    .description('stop sending for an account; its messages wait until it is resumed')
    .argument('<appId>', 'an account of the accounts file');
  withExamples(command, 'courier pause wx0123456789abcdef');
  return answering(command, async (appId: string) => {
    await withAccount(appId, (account) => account.pause());
    const text = `Paused: ${appId} sends nothing until "courier resume ${appId}".`;
    return { json: { appId, paused: true }, text };
  });
}

export function resumeCommand(): Command {
  const command = new Command('resume')
    .description('let an account send again, whatever had stopped it, and wake its lanes')
    .argument('<appId>', 'an account of the accounts file');
  withExamples(command, 'courier resume wx0123456789abcdef');
  return answering(command, async (appId: string) => {
    await withAccount(appId, (account) => account.resume());
    const text = `Resumed: ${appId} sends again; lanes that slept wake within 5 seconds.`;
    return { json: { appId, paused: false }, text };
  });
}
