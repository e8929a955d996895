import type { Producer } from '../../src/producer/index.ts';
import { accountKeys } from '../../src/shared/keys.ts';
import type { Disturbance } from './disturbance.ts';
import type { Manifest } from './manifest.ts';
import { APP_ID, type Stage } from './stage.ts';
import type { Evidence, Said } from './verdict.ts';

const AT_ONCE = 200;

/** Everything both sides know of the messages, read after they have come to rest. */
export async function gatherEvidence(
  stage: Stage,
  producer: Producer,
  manifest: Manifest,
  inflicted: readonly Disturbance[],
): Promise<Evidence> {
  const owed = manifest.acknowledged();
  const messageIds = owed.map(({ messageId }) => messageId);
  const letters = await producer.deadLetters.list({ limit: Number.MAX_SAFE_INTEGER });
  const unknown = await stage.admin.zrange(accountKeys(APP_ID).unknown, 0, '-1');
  return {
    owed,
    refused: manifest.refused(),
    taken: await stage.wechat.record(),
    said: await statuses(producer, messageIds),
    deadLetters: letters.map(({ messageId }) => messageId),
    unknownListed: unknown.map((key) => `${APP_ID}.${key}`),
    disturbances: await allDisturbances(stage, inflicted),
  };
}

async function statuses(
  producer: Producer,
  messageIds: readonly string[],
): Promise<Map<string, Said>> {
  const said = new Map<string, Said>();
  for (let start = 0; start < messageIds.length; start += AT_ONCE) {
    const part = messageIds.slice(start, start + AT_ONCE);
    const answers = await Promise.all(part.map((messageId) => producer.status(messageId)));
    for (const status of answers) if (status) said.set(status.messageId, status);
  }
  return said;
}

/** The surest first: who was hit by name, then what hit anybody who was under way. */
async function allDisturbances(
  { wechat, lines }: Stage,
  inflicted: readonly Disturbance[],
): Promise<Disturbance[]> {
  const lostReplies = (await wechat.encounters()).flatMap(({ openid, at, kind }) =>
    openid === undefined
      ? []
      : [{ what: `WeChat: ${kind}`, from: at, to: at, hit: new Set([openid]) }],
  );
  const what = 'connection to WeChat broken';
  const broken = lines
    .flatMap((line) => line.wechat.broken)
    .map(({ name, from, to }) => ({ what, from, to, hit: new Set([name]) }));
  const named = inflicted.filter(({ hit }) => hit !== 'any');
  const unnamed = inflicted.filter(({ hit }) => hit === 'any');
  return [...lostReplies, ...named, ...broken, ...unnamed];
}
