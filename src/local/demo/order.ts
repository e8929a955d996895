import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import type { EnvelopeInput } from '../../producer/index.ts';

/** One piece of news about an order, as the shop's database has it. */
const orderSchema = z.object({
  order_no: z.string(),
  event: z.enum(['paid', 'shipped', 'refunded']),
  channel: z.enum(['template', 'custom']),
  openid: z.string(),
  customer: z.string(),
  item: z.string(),
  amount: z.string(),
  paid_at: z.string(),
  carrier: z.string(),
  tracking_no: z.string(),
  refund_reason: z.string(),
});
export type Order = z.infer<typeof orderSchema>;

/** The shop's templates: ids as WeChat gives them out, and the variables each has. */
export const TEMPLATES = {
  paid: {
    id: 'Q4rWm7xYfZ0tKc2bVn8sHj3pLd6gUa1eXo5iRyTzBkE',
    fields: ['character_string1', 'thing2', 'amount3', 'time4'],
  },
  shipped: {
    id: 'b8Hk2nPv5sWq0zXe3yRt7uJf9dLc1gMa4oVi6TxKwZY',
    fields: ['character_string1', 'thing2', 'thing3', 'character_string4'],
  },
  refunded: {
    id: 'Zx1cVb3nM5aS7dF9gH2jK4lQ6wE8rT0yUiOpPoIuYtR',
    fields: ['character_string1', 'thing2', 'amount3', 'thing4'],
  },
} as const;

/** The rows of the orders file, oldest first. */
export function readOrders(file: string): Order[] {
  const rows: unknown = parse(readFileSync(file), { columns: true, bom: true });
  return z.array(orderSchema).parse(rows);
}

/** What the shop hands over for one row; the id makes every repetition harmless. */
export function envelopeOf(appId: string, order: Order): EnvelopeInput & { id: string } {
  const envelope = { appId, kind: order.channel, id: `${order.order_no}-${order.event}` };
  switch (order.channel) {
    case 'template':
      return { ...envelope, message: templateMessage(order) };
    case 'custom':
      return {
        ...envelope,
        message: { touser: order.openid, msgtype: 'text', text: { content: textOf(order) } },
      };
  }
}

function templateMessage(order: Order): object {
  const { id, fields } = TEMPLATES[order.event];
  const values = valuesOf(order);
  const data = fields.map((field, index) => [field, { value: values[index] ?? '' }]);
  return {
    touser: order.openid,
    template_id: id,
    url: `https://shop.example/orders/${order.order_no}`,
    data: Object.fromEntries(data),
  };
}

/** In the order of the template's fields. */
function valuesOf(order: Order): string[] {
  const { order_no, item, amount, paid_at, carrier, tracking_no, refund_reason } = order;
  switch (order.event) {
    case 'paid':
      return [order_no, item, `${amount}元`, paid_at.slice(0, 16).replace('T', ' ')];
    case 'shipped':
      return [order_no, item, carrier, tracking_no];
    case 'refunded':
      return [order_no, item, `${amount}元`, refund_reason];
  }
}

function textOf(order: Order): string {
  const { customer, order_no, item, amount, carrier, tracking_no, refund_reason } = order;
  switch (order.event) {
    case 'paid':
      return `${customer}您好，订单 ${order_no} 已支付 ${amount} 元，我们正在为您准备「${item}」。`;
    case 'shipped':
      return `${customer}您好，您的「${item}」已由${carrier}发出，运单号 ${tracking_no}（订单 ${order_no}）。`;
    case 'refunded':
      return `${customer}您好，订单 ${order_no} 的 ${amount} 元已原路退回，原因：${refund_reason}。`;
  }
}
