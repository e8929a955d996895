import { afterEach } from 'vitest';
import {
  createSimulator,
  type Simulator,
  type SimulatorOptions,
} from '../../src/simulator/build.ts';

export const APP = 'wx0123456789abcdef';
export const SECRET = 'a-secret-of-thirty-two-characters';
export const TEMPLATE_SEND = '/cgi-bin/message/template/send';
export const CUSTOM_SEND = '/cgi-bin/message/custom/send';

/** A reply as WeChat's clients see it; `text` is what was on the wire. */
export interface Seen {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
  readonly errcode: number | undefined;
  readonly errmsg: string;
}

/** A simulator on a free port with the calls every test makes. */
export interface Wechat {
  readonly simulator: Simulator;
  readonly url: string;
  get(path: string): Promise<Seen>;
  post(path: string, body: unknown): Promise<Seen>;
  /** A token of the stable endpoint. */
  token(force?: boolean): Promise<string>;
  template(token: string, message?: Record<string, unknown>): Promise<Seen>;
  custom(token: string, message?: Record<string, unknown>): Promise<Seen>;
  /** A control call that must succeed. */
  control<T = Record<string, unknown>>(method: string, route: string, body?: unknown): T;
  advance(ms: number): void;
}

const running: Simulator[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((simulator) => simulator.stop()));
});

export async function startWechat(options: SimulatorOptions = {}): Promise<Wechat> {
  const simulator = createSimulator({
    accounts: [{ appId: APP, secret: SECRET }],
    ...options,
    settings: { textPlainRate: 0, legacyHintRate: 0, ...options.settings },
  });
  running.push(simulator);
  const { url } = await simulator.start();
  const post = async (path: string, body: unknown): Promise<Seen> =>
    seen(
      await fetch(url + path, {
        method: 'POST',
        body: typeof body === 'string' ? body : JSON.stringify(body),
        redirect: 'manual',
      }),
    );
  return {
    simulator,
    url,
    post,
    get: async (path) => seen(await fetch(url + path)),
    async token(force = false) {
      const { text } = await post('/cgi-bin/stable_token', {
        grant_type: 'client_credential',
        appid: APP,
        secret: SECRET,
        force_refresh: force,
      });
      return String((JSON.parse(text) as { access_token: unknown }).access_token);
    },
    template: (token, message = {}) =>
      post(`${TEMPLATE_SEND}?access_token=${token}`, {
        touser: 'o-ann',
        template_id: 'tmpl',
        data: { thing1: { value: '巧克力' } },
        ...message,
      }),
    custom: (token, message = {}) =>
      post(`${CUSTOM_SEND}?access_token=${token}`, {
        touser: 'o-ann',
        msgtype: 'text',
        text: { content: 'hello' },
        ...message,
      }),
    control<T>(method: string, route: string, body?: unknown): T {
      const { status, json } = simulator.control(method, `/_control/${route}`, body);
      if (status !== 200) throw new Error(`control ${route}: ${JSON.stringify(json)}`);
      return json as T;
    },
    advance(ms) {
      simulator.control('POST', '/_control/clock', { advanceMs: ms });
    },
  };
}

async function seen(response: Response): Promise<Seen> {
  const text = await response.text();
  const { errcode, errmsg } = parsed(text);
  return {
    status: response.status,
    contentType: response.headers.get('content-type') ?? '',
    text,
    errcode: typeof errcode === 'number' ? errcode : undefined,
    errmsg: typeof errmsg === 'string' ? errmsg : '',
  };
}

function parsed(text: string): { errcode?: unknown; errmsg?: unknown } {
  try {
    return JSON.parse(text) as { errcode?: unknown; errmsg?: unknown };
  } catch {
    return {};
  }
}
