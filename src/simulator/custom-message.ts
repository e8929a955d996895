import { isObject } from './template.ts';
import { refuse, type Refusal } from './verdict.ts';

/** WeChat measures text in UTF-8 bytes, by what practitioners found. */
const TEXT_BYTES = 2_048;

type Payload = Record<string, unknown>;
type Check = (payload: Payload) => Refusal | undefined;

/**
 * Every documented `msgtype` of customer-service messages (WeChat page "Send customer service
 * message") with what its payload, the object of the same name, must have.
 */
const CHECKS: Readonly<Record<string, Check>> = {
  text: checkText,
  image: needs({ media_id: 40007 }),
  voice: needs({ media_id: 40007 }),
  video: needs({ media_id: 40007, thumb_media_id: 40007 }),
  music: needs({ musicurl: 40035, hqmusicurl: 40035, thumb_media_id: 40007 }),
  news: checkNews,
  mpnews: needs({ media_id: 40007 }),
  mpnewsarticle: needs({ article_id: 40035 }),
  msgmenu: checkMenu,
  wxcard: needs({ card_id: 40035 }),
  miniprogrampage: needs({ appid: 40013, pagepath: 40165, thumb_media_id: 40007 }),
};

/** What is wrong with the body of a customer-service message, if anything. */
export function judgeCustomMessage(body: Payload): Refusal | undefined {
  const type = body['msgtype'];
  if (typeof type !== 'string' || !Object.hasOwn(CHECKS, type)) return refuse(40008);
  const payload = body[type];
  if (!isObject(payload)) return refuse(type === 'text' ? 44004 : 47001);
  return CHECKS[type]?.(payload) ?? checkAgent(body['customservice']);
}

function checkText(payload: Payload): Refusal | undefined {
  const content = payload['content'];
  if (typeof content !== 'string' || content === '') return refuse(44004);
  return Buffer.byteLength(content) > TEXT_BYTES ? refuse(45002) : undefined;
}

function checkNews(payload: Payload): Refusal | undefined {
  const articles = payload['articles'];
  if (!Array.isArray(articles) || articles.length === 0) return refuse(44003);
  return articles.length > 1 ? refuse(45008) : undefined;
}

/** A numeric id of a menu entry was answered with 40200. */
function checkMenu(payload: Payload): Refusal | undefined {
  const list = payload['list'];
  if (!Array.isArray(list) || list.length === 0) return refuse(47001);
  const fine = list.every(
    (entry) =>
      isObject(entry) && typeof entry['id'] === 'string' && typeof entry['content'] === 'string',
  );
  return fine ? undefined : refuse(40200);
}

/** "Sent by" an agent: an agent's name has the shape `name@account`. */
function checkAgent(agent: unknown): Refusal | undefined {
  if (agent === undefined) return undefined;
  const name = isObject(agent) ? agent['kf_account'] : undefined;
  return typeof name === 'string' && /^[^@]+@[^@]+$/u.test(name) ? undefined : refuse(61452);
}

function needs(fields: Readonly<Record<string, number>>): Check {
  return (payload) => {
    for (const [field, errcode] of Object.entries(fields)) {
      const value = payload[field];
      if (typeof value !== 'string' || value === '') return refuse(errcode);
    }
    return undefined;
  };
}
