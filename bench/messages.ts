import type { EnvelopeInput } from '../src/producer/index.ts';

export const APP_ID = 'wx0123456789abcdef';

const GOODS = ['手工黑巧克力礼盒', '云南小粒咖啡豆', '新疆和田大枣', '明前龙井茶', '景德镇茶杯'];
const STATUS = ['已付款，等待发货', '已发货，运输途中', '已签收', '退款处理中'];

/** A request body of WeChat's `message/template/send`. */
export type TemplateBody = Readonly<Record<string, unknown>>;

/** The message of order `index`: the same in every run, and no two with the same recipient. */
export function orderMessage(index: number): TemplateBody {
  const number = String(index).padStart(6, '0');
  const minute = String(index % 60).padStart(2, '0');
  return {
    touser: `oBench${number}${'QxKtVbGpZwLsRn'}${String(index % 97).padStart(2, '0')}`,
    template_id: 'ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY',
    url: `https://shop.example.com/orders/20261201${number}?from=wechat`,
    data: {
      character_string1: { value: `20261201${number}` },
      thing2: { value: GOODS[index % GOODS.length] },
      amount3: { value: `${(index % 900) + 18}.${String(index % 100).padStart(2, '0')}元` },
      time4: { value: `2026年12月1日 09:${minute}` },
      phrase5: { value: STATUS[index % STATUS.length] },
    },
  };
}

/** The same orders as an order service hands them to the producer, each with an id. */
export function orderEnvelopes(count: number): EnvelopeInput[] {
  return Array.from({ length: count }, (_, index) => ({
    appId: APP_ID,
    kind: 'template',
    id: `order-${String(index).padStart(6, '0')}-paid`,
    message: orderMessage(index),
  }));
}

/** The bare bodies of the same orders. */
export function orderMessages(count: number): TemplateBody[] {
  return Array.from({ length: count }, (_, index) => orderMessage(index));
}
