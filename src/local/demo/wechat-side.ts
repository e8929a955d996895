import type { Judgement } from '../../simulator/build.ts';
import { TEMPLATES } from './order.ts';
import { type KnownRecipient, simulated } from './recipients.ts';

/** One message the simulator took, as its record tells it. */
export interface Taken {
  readonly seq: number;
  readonly kind: 'template' | 'custom';
  readonly openid: string;
  readonly clientMsgId?: string;
  readonly state: 'shown' | 'absorbed' | 'held' | 'rejected';
  readonly body?: { readonly text?: { readonly content?: string } };
}

/** WeChat's side of the demo, arranged and read through the simulator's control API. */
export interface WechatSide {
  /** The accounts, their templates and the people who follow them. */
  arrange(recipients: readonly KnownRecipient[]): Promise<void>;
  /** Everything that goes wrong by itself while the messages are sent. */
  planTrouble(): Promise<void>;
  /** Another system refreshed the token: the one in use is dead. */
  revokeToken(): Promise<void>;
  judge(): Promise<Judgement>;
  record(): Promise<Taken[]>;
}

export interface DemoAccount {
  readonly appId: string;
  readonly secret: string;
}

const TEMPLATE_SEND = '/cgi-bin/message/template/send';
const CUSTOM_SEND = '/cgi-bin/message/custom/send';

/**
 * Trouble in small doses, so that no message needs more than a retry or two. Only template
 * messages are answered ambiguously (taken, then the answer is lost): they can be repeated,
 * since WeChat drops what it has seen.
 */
const TROUBLE = [
  lostAnswer('reset', 60),
  lostAnswer('cut', 150),
  lostAnswer('bad-gateway', 260),
  refusal(TEMPLATE_SEND, -1, 350, 6),
  refusal(CUSTOM_SEND, -1, 40, 4),
  refusal(CUSTOM_SEND, 45011, 110, 2),
];

function lostAnswer(kind: 'reset' | 'cut' | 'bad-gateway', skip: number) {
  return { path: TEMPLATE_SEND, accept: true, reply: { kind }, skip, count: 3 };
}

function refusal(path: string, errcode: number, skip: number, count: number) {
  return { path, accept: false, reply: { kind: 'errcode', errcode }, skip, count };
}

const PAGE = 5000;
const DEADLINE_MS = 10_000;

export function wechatSide(url: string, shop: DemoAccount, sister: DemoAccount): WechatSide {
  async function call<Reply>(method: string, route: string, body?: unknown): Promise<Reply> {
    const response = await fetch(`${url}/_control/${route}`, {
      method,
      signal: AbortSignal.timeout(DEADLINE_MS),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`simulator: ${method} ${route}: ${text}`);
    return JSON.parse(text) as Reply;
  }

  return {
    async arrange(recipients) {
      const templates = Object.values(TEMPLATES).map(({ id, fields }) => ({ id, fields }));
      await call('POST', 'accounts', { accounts: [{ ...shop, templates }, sister] });
      for (const [{ appId }, account] of [
        [shop, 'shop'],
        [sister, 'sister'],
      ] as const) {
        const own = recipients.filter((one) => one.account === account).map(simulated);
        await call('POST', 'recipients', { appId, recipients: own });
      }
    },
    planTrouble: () => call('POST', 'faults', { faults: TROUBLE }),
    revokeToken: () =>
      call('POST', 'tokens', { action: 'revoke', appId: shop.appId, mode: 'replaced' }),
    judge: () => call('GET', 'judge'),
    async record() {
      const taken: Taken[] = [];
      for (let since = 0; ;) {
        const page = await call<{ entries: Taken[]; next: number }>(
          'GET',
          `record?since=${since}&limit=${PAGE}`,
        );
        taken.push(...page.entries);
        if (page.entries.length < PAGE) return taken;
        since = page.next;
      }
    },
  };
}
