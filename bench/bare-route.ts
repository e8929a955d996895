/** The least an HTTP route for messages can do: node bare-route.ts <redisUrl>. */
import { Queue } from 'bullmq';
import { fastify } from 'fastify';
import { BARE_QUEUE } from './bare-queue.ts';

const [redisUrl = ''] = process.argv.slice(2);
const { hostname, port, password, username } = new URL(redisUrl);
const queue = new Queue(BARE_QUEUE, {
  connection: {
    host: hostname,
    port: Number(port),
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
  },
  skipVersionCheck: true,
  streams: { events: { maxLen: 1000 } },
});
const app = fastify();
app.post<{ Body: { message: unknown } }>('/v1/messages', async (request, reply) => {
  await queue.addBulk([{ name: 'template', data: request.body.message }]);
  return await reply.code(202).send({ status: 'queued' });
});
await app.listen({ host: '127.0.0.1', port: 0 });
const address = app.server.address();
const at = typeof address === 'object' ? address?.port : undefined;
console.log(JSON.stringify({ msg: 'ready', port: at }));
process.once('SIGTERM', () => process.exit(0));
