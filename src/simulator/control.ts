import { z } from 'zod';
import { controlAccounts, controlEvents, controlRecipients } from './control-accounts.ts';
import { done, type ControlCall, type ControlDeps, type ControlReply } from './control-call.ts';
import { controlRecord, pageSchema } from './control-record.ts';
import { controlTokens } from './control-tokens.ts';
import { faultSchema, type ArmedFault } from './fault.ts';
import { judge } from './judge.ts';
import { patchSettings } from './settings.ts';
import type { World } from './world.ts';

/*
 * The control API: how a test or a demo arranges WeChat's side and reads what happened there.
 * JSON in, JSON out; docs/simulator.md shows every shape.
 *
 * | route                          | does                                                      |
 * | ------------------------------ | --------------------------------------------------------- |
 * | GET    /_control/health        | `{ok: true}`                                              |
 * | GET    /_control/settings      | all settings                                              |
 * | PATCH  /_control/settings      | changes some of them                                      |
 * | GET    /_control/accounts      | the accounts, without secrets                             |
 * | POST   /_control/accounts      | adds or changes: templates, recipients, quotas, condition |
 * | POST   /_control/recipients    | sets recipients in bulk                                   |
 * | GET    /_control/recipients    | one recipient and its window (`?appId&openid`)            |
 * | POST   /_control/events        | things users did: message, click, follow, unfollow, …     |
 * | GET    /_control/tokens        | generations, remaining life, fetch counts (`?appId`)      |
 * | POST   /_control/tokens        | expire, revoke, adversary, stop-adversary                 |
 * | GET    /_control/faults        | faults and how often each was met                         |
 * | POST   /_control/faults        | adds one, or several                                      |
 * | GET    /_control/faults/met    | the requests that met one (`?since&limit`)                |
 * | DELETE /_control/faults[/<id>] | removes one, or all                                       |
 * | GET    /_control/clock         | WeChat's time                                             |
 * | POST   /_control/clock         | `{advanceMs}` or `{set}`                                  |
 * | GET    /_control/judge         | totals, duplicates, request and token counts, peak rates  |
 * | GET    /_control/record        | what was taken (`?since&limit`)                           |
 * | DELETE /_control/record        | forgets it, and all counts                                |
 */

export const CONTROL_PREFIX = '/_control/';

/** The control API over HTTP and, the same, inside one process. */
export class Control {
  readonly #deps: ControlDeps;

  constructor(deps: ControlDeps) {
    this.#deps = deps;
  }

  /** Never throws: a wrong call is a 400 with the reasons, an unknown route a 404. */
  handle(method: string, url: string, body: string): ControlReply {
    try {
      const { pathname, searchParams } = new URL(url, 'http://simulator');
      const [route = '', rest] = pathname.slice(CONTROL_PREFIX.length).split('/');
      const parsed: unknown = body === '' ? {} : JSON.parse(body);
      const call = { method, route, rest, query: searchParams, body: parsed };
      return dispatch(this.#deps, call) ?? { status: 404, json: { error: 'no such route' } };
    } catch (error) {
      if (error instanceof z.ZodError) return { status: 400, json: { error: reasons(error) } };
      if (error instanceof SyntaxError) return { status: 400, json: { error: 'not JSON' } };
      throw error;
    }
  }
}

/** `accounts[0].appId: expected …; …` */
function reasons(error: z.ZodError): string {
  return error.issues
    .map((issue) => `${issue.path.map(String).join('.') || 'value'}: ${issue.message}`)
    .join('; ');
}

function dispatch(deps: ControlDeps, call: ControlCall): ControlReply | undefined {
  switch (call.route) {
    case 'health':
      return done();
    case 'settings':
      if (call.method === 'PATCH') patchSettings(deps.world.settings, call.body);
      return done(deps.world.settings);
    case 'accounts':
      return controlAccounts(deps.world, call);
    case 'recipients':
      return controlRecipients(deps.world, call);
    case 'events':
      return controlEvents(deps.world, call);
    case 'tokens':
      return controlTokens(deps, call);
    case 'faults':
      return controlFaults(deps.world, call);
    case 'clock':
      return controlClock(deps.world, call);
    case 'judge':
      return done(judge(deps.world, deps.world.clock.now()));
    case 'record':
      return controlRecord(deps.world, call);
    default:
      return undefined;
  }
}

const faultsSchema = z.union([z.strictObject({ faults: z.array(faultSchema) }), faultSchema]);

function controlFaults({ faults }: World, call: ControlCall): ControlReply | undefined {
  switch (call.method) {
    case 'GET':
      if (call.rest === 'met') return controlEncounters(faults, call);
      return done({ faults: faults.all().map(faultView) });
    case 'POST': {
      const parsed = faultsSchema.parse(call.body);
      const specs = 'faults' in parsed ? parsed.faults : [parsed];
      return done({ faults: specs.map((spec) => faultView(faults.add(spec))) });
    }
    case 'DELETE': {
      const removed = faults.remove(call.rest === undefined ? undefined : Number(call.rest));
      return done({ removed });
    }
    default:
      return undefined;
  }
}

function controlEncounters(faults: World['faults'], call: ControlCall): ControlReply {
  const { since, limit } = pageSchema.parse(Object.fromEntries(call.query));
  const encounters = faults.encounters(since, limit);
  return done({ encounters, next: encounters.at(-1)?.seq ?? since });
}

function faultView({ id, spec, met }: ArmedFault): unknown {
  return { id, met, ...spec };
}

const clockSchema = z.union([
  z.strictObject({ advanceMs: z.number() }),
  z.strictObject({ set: z.union([z.number(), z.iso.datetime({ offset: true })]) }),
]);

function controlClock({ clock }: World, call: ControlCall): ControlReply {
  if (call.method === 'POST') {
    const change = clockSchema.parse(call.body);
    if ('advanceMs' in change) clock.advance(change.advanceMs);
    else clock.set(new Date(change.set).getTime());
  }
  return done({ now: clock.now(), iso: new Date(clock.now()).toISOString() });
}
