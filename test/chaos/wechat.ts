import { z } from 'zod';
import { type RunningProcess, startProcess } from '../helpers/process.ts';

/** The simulator as a process of its own, which must survive everything, and its books. */
export interface Wechat {
  readonly url: string;
  readonly port: number;
  /** One call of the control API. @throws Error unless it answers 200 */
  control(method: string, route: string, body?: unknown): Promise<unknown>;
  /** Everything it took, in order. */
  record(): Promise<TakenMessage[]>;
  /** The requests that met a fault, in order. */
  encounters(): Promise<Encounter[]>;
  judge(): Promise<Judgement>;
  stop(): Promise<void>;
}

const takenSchema = z.object({
  seq: z.number(),
  at: z.number(),
  kind: z.enum(['template', 'custom']),
  openid: z.string(),
  state: z.enum(['shown', 'absorbed', 'held', 'rejected']),
});
/** One message the simulator took; `absorbed` is a repeat that no recipient sees. */
export type TakenMessage = Readonly<z.infer<typeof takenSchema>>;

const encounterSchema = z.object({
  seq: z.number(),
  at: z.number(),
  kind: z.string(),
  accept: z.boolean(),
  path: z.string(),
  openid: z.string().optional(),
});
/** One request that met a fault. */
export type Encounter = Readonly<z.infer<typeof encounterSchema>>;

const totals = z.object({ accepted: z.number(), duplicates: z.number(), absorbed: z.number() });
const judgementSchema = z.object({
  template: totals,
  custom: totals,
  tokenFetches: z.number(),
  faults: z.record(z.string(), z.number()),
});
/** The simulator's own verdict; ours must agree with it. */
export type Judgement = Readonly<z.infer<typeof judgementSchema>>;

export interface WechatOptions {
  /** Milliseconds, `60` or `60:400` (median and 99th percentile). */
  readonly latency: string;
}

const PAGE = 10_000;
const START_MS = 15_000;

export async function startWechat({ latency }: WechatOptions): Promise<Wechat> {
  const simulator: RunningProcess = startProcess('dist/simulator/main.js', {
    env: { COURIER_SIMULATOR_PORT: '0', COURIER_SIMULATOR_LATENCY: latency },
  });
  const { port } = await simulator.ready({ timeoutMs: START_MS });
  const url = `http://127.0.0.1:${Number(port)}`;

  async function control(method: string, route: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${url}/_control/${route}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    if (response.status === 200) return answer;
    throw new Error(`${method} ${route}: expected 200, got ${response.status} ${String(answer)}`);
  }

  /** All pages of a list that only grows. */
  async function pages<Item>(route: string, field: string, item: z.ZodType<Item>): Promise<Item[]> {
    const page = z.object({ [field]: z.array(item), next: z.number() });
    const all: Item[] = [];
    for (let since = 0; ;) {
      const answer = page.parse(await control('GET', `${route}?since=${since}&limit=${PAGE}`));
      const items = answer[field] as Item[];
      all.push(...items);
      if (items.length < PAGE) return all;
      since = answer['next'] as number;
    }
  }

  await control('PATCH', 'settings', { recordBodies: false, textPlainRate: 0, legacyHintRate: 0 });
  return {
    url,
    port: Number(port),
    control,
    record: () => pages('record', 'entries', takenSchema),
    encounters: () => pages('faults/met', 'encounters', encounterSchema),
    judge: async () => judgementSchema.parse(await control('GET', 'judge')),
    stop: async () => void (await simulator.stop('SIGTERM')),
  };
}
