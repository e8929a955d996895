import type { EnvelopeInput } from '../../src/producer/index.ts';
import type { Kind } from '../../src/shared/outcome.ts';

/** One message of a measure. Its recipient is its own: what WeChat took is known by it. */
export interface Order {
  readonly openid: string;
  readonly envelope: EnvelopeInput;
}

export const TEMPLATE_ID = 'ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY';

/** The appId of account `number`. */
export function appIdOf(number: number): string {
  return `wxmeasure${String(number).padStart(9, '0')}`;
}

/** Order `index` of an account; the same index is the same message, its id included. */
export function orderOf(appId: string, index: number, kind: Kind = 'template'): Order {
  const number = String(index).padStart(8, '0');
  const openid = `o${appId.slice(-9)}${kind[0]}${number}QxKtVbGpZ`;
  const named = { appId, id: `order-${number}-${kind}` };
  switch (kind) {
    case 'template': {
      const data = { character_string1: { value: `2026${index}` }, thing2: { value: '龙井茶' } };
      return {
        openid,
        envelope: { ...named, kind, message: { touser: openid, template_id: TEMPLATE_ID, data } },
      };
    }
    case 'custom': {
      const text = { content: `您的订单 ${index} 已发货` };
      const message = { touser: openid, msgtype: 'text', text };
      return { openid, envelope: { ...named, kind, message } };
    }
  }
}

/** Orders [from, from + count) of an account. */
export function ordersOf(appId: string, from: number, count: number, kind?: Kind): Order[] {
  return Array.from({ length: count }, (_, offset) => orderOf(appId, from + offset, kind));
}
