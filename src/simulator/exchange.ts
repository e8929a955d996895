import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { textField, type Call } from './call.ts';
import type { FaultSpec } from './fault.ts';
import { drawLatency } from './latency.ts';
import { answer, appIdOf } from './routes.ts';
import { refuse, textOf, type Refusal, type Verdict } from './verdict.ts';
import { deliver, type Reply } from './wire.ts';
import type { World } from './world.ts';

/**
 * One request from the moment it is read: meet a fault perhaps, be processed, take its time,
 * be answered. The work is done on arrival and the latency lies before the reply, so a client
 * that gives up meanwhile has always been served: the unpleasant case is the usual one.
 */
export async function exchange(world: World, call: Call, response: ServerResponse): Promise<void> {
  const appId = appIdOf(world, call);
  if (appId !== undefined) world.counters.asked(appId, call.path);
  const fault = world.faults.none ? undefined : meet(world, call, appId);
  if (fault !== undefined && fault.delayMs > 0) await pause(fault.delayMs);

  const afterwards: (() => void)[] = [];
  const verdict = process(world, call, fault, (callback) => afterwards.push(callback));
  const reply = render(world, call, appId, verdict);

  const latency = drawLatency(world.settings.latency, world.random) + (fault?.replyDelayMs ?? 0);
  if (latency > 0) await pause(latency);
  for (const callback of afterwards) callback();
  await deliver(response, reply, fault?.reply ?? { kind: 'normal' });
}

function meet(world: World, call: Call, appId: string | undefined): FaultSpec | undefined {
  const openid = textField(call, 'touser');
  const fault = world.faults.take({ path: call.path, appId, openid, body: call.body });
  if (fault !== undefined) world.counters.fault(fault.reply.kind);
  return fault;
}

/** The verdict, and in the books: a request that a fault kept from being processed too. */
function process(
  world: World,
  call: Call,
  fault: FaultSpec | undefined,
  whenAnswered: (callback: () => void) => void,
): Verdict {
  const done = fault?.accept === false ? undefined : answer(world, call, whenAnswered);
  world.counters.decided(call.path, done === undefined ? 'unprocessed' : errcodeOf(done));
  if (fault?.reply.kind === 'errcode') return refuse(fault.reply.errcode, fault.reply.errmsg);
  return done ?? refuse(-1);
}

function errcodeOf(verdict: Verdict): string {
  return String(verdict.kind === 'ok' ? 0 : verdict.errcode);
}

function render(world: World, call: Call, appId: string | undefined, verdict: Verdict): Reply {
  const { random, settings } = world;
  const isPlain = settings.textPlainRate > 0 && random() < settings.textPlainRate;
  const contentType = isPlain ? 'text/plain' : 'application/json; encoding=utf-8';
  if (verdict.kind === 'ok') return { text: verdict.json, contentType };
  return { text: refusalText(world, call, appId, verdict), contentType };
}

/** `text rid: …`; sometimes with a comma before it, sometimes the older form with a hint. */
function refusalText(
  world: World,
  call: Call,
  appId: string | undefined,
  refusal: Refusal,
): string {
  const rid = world.rids.next();
  const isOld = world.random() < world.settings.legacyHintRate;
  const comma = world.random() < 0.05 ? ',' : '';
  const tail = isOld ? ` hint: [${rid.replaceAll('-', '').slice(8, 20)}]` : `${comma} rid: ${rid}`;
  const { errcode } = refusal;
  const text = JSON.stringify({ errcode, errmsg: textOf(refusal) + tail });
  world.rids.keep(rid, {
    appId,
    at: world.clock.now(),
    url: call.query.has('access_token') ? `${call.path}?access_token=***` : call.path,
    requestBody: call.path.startsWith('/cgi-bin/message/') ? call.body : '',
    responseBody: text,
    clientIp: call.ip,
  });
  return text;
}

/** Does not keep a stopping process alive. */
function pause(ms: number): Promise<void> {
  return sleep(ms, undefined, { ref: false });
}
