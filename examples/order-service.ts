import { createProducer } from '../src/producer/index.ts';

const courier = createProducer(); // reads REDIS_URL and accounts.json
const { messageId, status } = await courier.enqueue({
  appId: 'wx0123456789abcdef',
  kind: 'template',
  id: 'order-1001-paid', // yours: repeating the call with it is safe
  message: {
    touser: 'oABCDEFGHIJKLMNOPQRSTUVWXYZ0',
    template_id: 'ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY',
    data: { character_string1: { value: '1001' }, amount2: { value: '¥99.00' } },
  },
});
console.log(status, await courier.status(messageId));
await courier.close();
