import fc from 'fast-check';
import type { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { accountKeys } from '../../src/shared/keys.ts';
import type { Ledger } from '../../src/shared/ledger/ledger.ts';
import { createRedisLedger, type LedgerLimits } from '../../src/shared/ledger/redis-ledger.ts';
import { freshAppId } from '../helpers/courier.ts';
import {
  ENDINGS,
  type Ending,
  MessageModel,
  type Ticket,
  type Trial,
} from '../helpers/ledger-model.ts';
import { useRedis } from '../helpers/redis.ts';

/*
 * The ledger's scripts against a model of the state table: random sequences of everything that
 * can happen to a message, on real Redis, compared after each step.
 */

const redis = useRedis();
const RUNS = 1_200;
/** Processes run jobs again and again, so a few names hold many leases. */
const OWNERS = ['process-a', 'process-b'];
const LEASE_MS = 60_000;
const GUARD_MS = 480_000;
const TTL_MS = 3_600_000;
const LIMITS: LedgerLimits = {
  leaseMs: LEASE_MS,
  guardMs: GUARD_MS,
  budget: 5,
  poison: 3,
  poisonWindowMs: 3_600_000,
};
/** A suspect looks again soon whether it is its turn. */
const SOON_MS = 500;

interface Model {
  readonly messages: readonly MessageModel[];
}
interface Real {
  readonly redis: Redis;
  readonly ledger: Ledger;
  readonly keys: ReturnType<typeof accountKeys>;
  readonly messageKeys: readonly string[];
}
type Command = fc.AsyncCommand<Model, Real>;

/** A command on one of the messages, checked against Redis afterwards. */
function onMessage(
  at: number,
  name: string,
  run: (model: MessageModel, real: Real, messageKey: string) => Promise<void>,
  check: (model: MessageModel) => boolean = () => true,
): Command {
  return {
    check: (model) => check(messageAt(model, at)),
    async run({ messages }, real) {
      const model = messageAt({ messages }, at);
      const before = model.state;
      await run(model, real, keyAt(real, at));
      if (before === 'sent') expect(model.state).toBe('sent');
      await compare(model, real, keyAt(real, at));
    },
    toString: () => `${name} #${at}`,
  };
}

function messageAt({ messages }: Model, at: number): MessageModel {
  const model = messages[at];
  if (!model) throw new Error(`no message ${at}`);
  return model;
}

function keyAt({ messageKeys }: Real, at: number): string {
  const messageKey = messageKeys[at];
  if (messageKey === undefined) throw new Error(`no message ${at}`);
  return messageKey;
}

/** Each run has a name of its own. */
let runs = 0;

async function begin(
  model: MessageModel,
  { ledger }: Real,
  messageKey: string,
  who: string,
  expired: boolean,
): Promise<void> {
  const { kind, resend } = model;
  const owner = `${who}:${(runs += 1)}`;
  const begun = await ledger.begin({
    messageKey,
    kind,
    owner,
    resend,
    expiresAt: expired ? 1 : Date.now() + 3_600_000,
  });
  const spentBefore = model.spent;
  const expected = model.begin(expired);
  expect(begun.kind).toBe(expected);
  if (begun.kind === 'ended') expect(begun.state).toBe(model.state);
  // Busy with another run, or expired in doubt: then until WeChat's memory of it ends; or kept
  // apart from what was interrupted with it.
  const waiting = expired ? GUARD_MS + 1 : SOON_MS;
  const longest = model.state === 'retrying' ? waiting : LEASE_MS;
  if (begun.kind === 'busy') expect(begun.retryInMs).toBeLessThanOrEqual(longest);
  if (begun.kind !== 'go') return;
  // At most once, said by the tickets alone: nothing before this one may still be out.
  if (kind === 'custom' && !resend) {
    const earlier = model.tickets.filter(({ generation }) => generation === model.redrives);
    expect(earlier.every(({ may }) => may === 'not be out')).toBe(true);
  }
  // A template goes again only while WeChat is trusted to remember the first one.
  if (kind === 'template') expect(model.doubt).not.toBe('old');
  expect(begun.spent).toBe(model.spent);
  expect(begun.spent).toBeGreaterThanOrEqual(spentBefore);
  expect(begun.attempts).toBe(model.log.length);
  expect(begun.ambiguousSince !== undefined).toBe(model.doubt !== 'none');
  model.went(owner, begun.fence);
}

async function settle(
  model: MessageModel,
  { ledger }: Real,
  messageKey: string,
  ticket: Ticket,
  wanted: Ending,
): Promise<void> {
  // Where an unclear attempt may not be repeated, the worker never asks for it.
  const atMostOnce = model.kind === 'custom' && !model.resend;
  const ending = wanted === 'unclear' && atMostOnce ? 'parked' : wanted;
  const { to, verdict, spends, ambiguous } = ENDINGS[ending];
  const settled = await ledger.settle({
    messageKey,
    owner: ticket.owner,
    fence: ticket.fence,
    spends,
    ambiguous,
    to:
      to === 'dead'
        ? { state: to, reason: 'permanent-recipient', errcode: 40_003 }
        : { state: to, ...(to === 'sent' && { wechatMsgId: '4012345678901234567' }) },
    ...(verdict && { attempt: { durationMs: 12.4, verdict } }),
  });
  expect(settled).toBe(model.settle(ticket, ending));
}

/** Ends that random histories must have come to, or they prove nothing about them. */
const deaths = new Set<string>();

/** Redis knows what the model knows, and keeps what ended no longer than it should. */
async function compare(model: MessageModel, real: Real, messageKey: string): Promise<void> {
  const key = real.keys.ledger(messageKey);
  const [record, ttl, owner, pending, unknown, handover, row] = await Promise.all([
    real.ledger.read(messageKey),
    real.redis.pttl(key),
    real.redis.hget(key, 'own'),
    real.redis.zscore(real.keys.deadPending, messageKey),
    real.redis.zscore(real.keys.unknown, messageKey),
    real.redis.zscore(real.keys.handovers, messageKey),
    real.redis.hget(key, 'i'),
  ]);
  expect(record?.state ?? 'none').toBe(model.state);
  expect(ttl > 0).toBe(model.expires);
  expect(owner).toBe(model.state === 'sending' ? (model.live?.owner ?? null) : null);
  expect(pending !== null).toBe(model.pendingLetter);
  expect(unknown !== null).toBe(model.listedUnknown);
  expect(handover !== null).toBe(model.handover);
  if (!isEnd(model)) expect(Number(row ?? 0)).toBe(model.row);
  if (!record) return;
  expect(record.kind).toBe(model.kind);
  expect(record.reason).toBe(model.reason);
  if (record.reason) deaths.add(record.reason);
  expect(record.redrives).toBe(model.redrives);
  const kept = (record.redriven ?? []).map(({ from, reason }) => reason ?? from);
  expect(kept).toEqual(model.undone.slice(-Math.max(kept.length, 5)));
  expect(record.attempts.map(({ verdict }) => verdict)).toEqual(model.log);
  expect(record.attempts.map(({ number }) => number)).toEqual(model.log.map((_, at) => at + 1));
  expect(record.settledBy).toBe(model.settledBy);
  const byWechat = model.state === 'sent' && model.settledBy === undefined;
  expect(record.wechatMsgId !== undefined).toBe(byWechat);
  expect(record.endedAt !== undefined).toBe(isEnd(model));
}

function isEnd({ state }: MessageModel): boolean {
  return !['none', 'queued', 'sending', 'retrying'].includes(state);
}

/** Everything that can happen to one of three messages, or to all of them at once. */
function anyCommand(): fc.Arbitrary<Command>[] {
  const message = fc.nat(2);
  const owner = fc.constantFrom(...OWNERS);
  const usually = (value: boolean) =>
    fc.oneof({ weight: 7, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: fc.boolean() });
  const ending = fc.constantFrom(...(Object.keys(ENDINGS) as Ending[]));
  const began = fc
    .tuple(message, owner, usually(false))
    .map(([at, who, expired]) =>
      onMessage(at, `begin by ${who}${expired ? ' expired' : ''}`, (model, real, key) =>
        begin(model, real, key, who, expired),
      ),
    );
  const lapsed = message.map((at) =>
    onMessage(
      at,
      'lease lapses',
      async (model, real, key) => {
        await real.redis.hset(real.keys.ledger(key), 'until', 1);
        model.lapsed = true;
      },
      ({ state }) => state === 'sending',
    ),
  );
  // Its process dies with it, again and again.
  const dies = fc.tuple(message, owner).map(([at, who]) =>
    onMessage(at, `begin by ${who}, who dies`, async (model, real, key) => {
      await begin(model, real, key, who, false);
      if (model.state !== 'sending') return;
      await real.redis.hset(real.keys.ledger(key), 'until', 1);
      model.lapsed = true;
    }),
  );
  const settled = fc.tuple(message, ending).map(([at, how]) =>
    onMessage(
      at,
      `settle ${how}`,
      async (model, real, key) => {
        const ticket = model.tickets.at(-1);
        if (ticket) await settle(model, real, key, ticket, how);
      },
      ({ tickets }) => tickets.length > 0,
    ),
  );
  // The first answer was lost with its connection, so the same question is asked again.
  const askedAgain = message.map((at) =>
    onMessage(
      at,
      'begin asked again',
      async (model, real, key) => {
        const { kind, resend, live } = model;
        const again = { messageKey: key, kind, resend, owner: live?.owner ?? '' };
        expect(await real.ledger.begin(again)).toMatchObject({ kind: 'go', fence: live?.fence });
        model.lapsed = false;
      },
      ({ state, live }) => state === 'sending' && live !== null,
    ),
  );
  return [
    began,
    began,
    began,
    askedAgain,
    settled,
    settled,
    lapsed,
    dies,
    dies,
    message.map((at) =>
      onMessage(
        at,
        'doubt grows old',
        async (model, real, key) => {
          await real.redis.hset(real.keys.ledger(key), 't0', 1);
          model.doubt = 'old';
        },
        ({ doubt, state }) => doubt === 'fresh' && state !== 'unknown' && state !== 'sent',
      ),
    ),
    // A run that was paused for long settles after others had their turn.
    fc.tuple(message, fc.nat(), ending).map(([at, which, how]) =>
      onMessage(
        at,
        `late settle ${how}`,
        async (model, real, key) => {
          const ticket = model.tickets[which % model.tickets.length];
          if (ticket) await settle(model, real, key, ticket, how);
        },
        ({ tickets }) => tickets.length > 0,
      ),
    ),
    message.map((at) =>
      onMessage(at, 'cancel', async (model, real, key) => {
        const state = await real.ledger.cancel(key);
        expect(state === 'cancelled').toBe(model.cancel());
      }),
    ),
    fc.tuple(message, fc.constantFrom(0, 0, 1)).map(([at, letterAge]) =>
      onMessage(at, `redrive by a letter ${letterAge} too old`, async (model, real, key) => {
        const isStale = letterAge > 0 && model.state === 'dead';
        const written = model.redrives - letterAge;
        const state = await real.ledger.redrive(key, model.kind, written);
        if (!isStale) model.redrive();
        expect(state).toBe(isStale ? 'stale' : model.state);
      }),
    ),
    fc.tuple(message, fc.constantFrom('same', 'same', 'other')).map(([at, content]) =>
      onMessage(at, `accept ${content}`, async (model, real, key) => {
        const [accepted] = await real.ledger.accept([
          { messageKey: key, kind: model.kind, contentHash: content },
        ]);
        expect(accepted?.kind).toBe(model.accept(content));
        expect(accepted?.kind === 'known' ? accepted.state : model.state).toBe(model.state);
      }),
    ),
    message.map((at) =>
      onMessage(at, 'handed over', async (model, real, key) => {
        await real.ledger.confirmHandover([key]);
        model.confirmHandover();
      }),
    ),
    message.map((at) =>
      onMessage(
        at,
        'dropped as an orphan',
        async (model, real, key) => {
          // One that is too young stays, whatever it is.
          expect(await real.ledger.dropOrphan(key, 3_600_000)).toBe(false);
          const open = await real.ledger.openHandovers(0, 100_000);
          expect(open.includes(key)).toBe(model.handover);
          expect(await real.ledger.dropOrphan(key, 0)).toBe(model.dropOrphan());
        },
        ({ tickets }) => tickets.length === 0,
      ),
    ),
    fc.tuple(message, fc.constantFrom('sent', 'queued', 'dead')).map(([at, to]) =>
      onMessage(at, `resolve as ${to}`, async (model, real, key) => {
        const state = model.state;
        const early = await real.ledger.resolve(key, to, 3_600_000);
        expect(early).toEqual({ state: state === 'none' ? null : state, now: false });
        const listed = await real.ledger.unknown(0, 0, 100_000);
        expect(listed.includes(key)).toBe(model.listedUnknown);
        const now = model.resolve(to);
        const resolved = await real.ledger.resolve(key, to, 0);
        expect(resolved).toEqual({ state: model.state === 'none' ? null : model.state, now });
      }),
    ),
    // Several messages in one script call are decided each on its own.
    owner.map((who) => ({
      check: () => true,
      toString: () => `begin all by ${who}`,
      async run({ messages }: Model, real: Real) {
        await Promise.all(
          messages.map((model, at) => begin(model, real, keyAt(real, at), who, false)),
        );
        await Promise.all(messages.map((model, at) => compare(model, real, keyAt(real, at))));
      },
    })),
  ];
}

test('the ledger and its model agree after every step of any history', async () => {
  const appId = freshAppId();
  const options = { redis: redis.client, appId, ttlMs: TTL_MS, limits: LIMITS };
  const ledger = createRedisLedger(options);
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.commands(anyCommand(), { maxCommands: 25, size: 'max' }),
      async (history) => {
        run += 1;
        const number = String(run).padStart(25, '0');
        const messageKeys = ['t', 'c', 'r'].map((name) => name + number);
        const trial: Trial = { suspect: null };
        await redis.client.del(accountKeys(appId).suspect(''));
        await fc.asyncModelRun(
          () => ({
            model: {
              messages: [
                new MessageModel('template', false, LIMITS, trial),
                new MessageModel('custom', false, LIMITS, trial),
                new MessageModel('custom', true, LIMITS, trial),
              ],
            },
            real: { redis: redis.client, ledger, keys: accountKeys(appId), messageKeys },
          }),
          history,
        );
      },
    ),
    { numRuns: RUNS },
  );
  expect(run).toBeGreaterThanOrEqual(RUNS);
  expect([...deaths].toSorted()).toEqual(['ambiguous', 'expired', 'permanent-recipient', 'poison']);
}, 60_000);
