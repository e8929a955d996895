import { Command } from 'commander';
import { type Answer, answering, withExamples } from '../answer.ts';
import { withProducer } from '../connection.ts';
import { unknownMessage } from './status.ts';

export function cancelCommand(): Command {
  const command = new Command('cancel')
    .description('keep a message from being sent, while that is still possible')
    .argument('<messageId>', 'as send printed it: <appId>.<26 characters>');
  withExamples(command, 'courier cancel wx0123456789abcdef.abcdefghijklmnopqrstuvwxyz');
  return answering(command, (messageId: string) =>
    withProducer('none', async (producer): Promise<Answer> => {
      if (await producer.cancel(messageId)) {
        const text = `Cancelled: ${messageId} will not be sent.`;
        return { json: { messageId, cancelled: true }, text };
      }
      const status = await producer.status(messageId);
      if (!status) throw unknownMessage(messageId);
      const { state } = status;
      const text = `Not cancelled: ${messageId} is ${state} already.`;
      return { json: { messageId, cancelled: false, state }, text, exitCode: 1 };
    }),
  );
}
