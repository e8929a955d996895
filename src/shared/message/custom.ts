import { z } from 'zod';
import { valueAt } from '../issue.ts';
import { nearestName } from '../nearest-name.ts';
import { openid, requiredText } from './identifier.ts';

/**
 * The body of `message/custom/send`, one shape per documented `msgtype`. Fields not named here
 * (`customservice`, `aimsgcontext`, whatever WeChat adds) pass through untouched.
 * WeChat facts §4.1, and
 * https://developers.weixin.qq.com/doc/service/api/customer/message/api_sendcustommessage
 */

/** Over this WeChat answers 45002; it is measured, the documentation is vague (§4.1). */
export const TEXT_BYTES = 2048;

const mediaId = requiredText('a media_id as a non-empty string');
const optionalText = z.string('a string').optional();

const content = requiredText('a non-empty string').superRefine((text, context) => {
  if (text.length * 3 <= TEXT_BYTES) return;
  const bytes = Buffer.byteLength(text);
  if (bytes <= TEXT_BYTES) return;
  const message = `at most ${TEXT_BYTES} bytes of UTF-8 (WeChat answers 45002 to more, so split it)`;
  context.addIssue({ code: 'custom', message, params: { got: `${bytes} bytes` } });
});

const article = z.looseObject(
  { title: optionalText, description: optionalText, url: optionalText, picurl: optionalText },
  'an article as an object',
);

const menuEntry = z.looseObject(
  {
    id: z.string('a string (WeChat answers 40200 to a numeric id)'),
    content: requiredText('the text of the entry'),
  },
  'an entry {"id": "…", "content": "…"}',
);

const PAYLOADS = {
  text: z.looseObject({ content }, 'an object {"content": "…"}'),
  image: z.looseObject({ media_id: mediaId }, 'an object {"media_id": "…"}'),
  voice: z.looseObject({ media_id: mediaId }, 'an object {"media_id": "…"}'),
  video: z.looseObject(
    {
      media_id: mediaId,
      thumb_media_id: mediaId,
      title: optionalText,
      description: optionalText,
    },
    'an object {"media_id": "…", "thumb_media_id": "…"}',
  ),
  music: z.looseObject(
    {
      title: optionalText,
      description: optionalText,
      musicurl: requiredText('the address of the music'),
      hqmusicurl: requiredText('the address of the music in high quality'),
      thumb_media_id: mediaId,
    },
    'an object {"musicurl": "…", "hqmusicurl": "…", "thumb_media_id": "…"}',
  ),
  news: z.looseObject(
    {
      articles: z
        .array(article, 'a list of exactly one article')
        .length(1, 'exactly one article (WeChat refuses more with 45008)'),
    },
    'an object {"articles": [{…}]}',
  ),
  mpnews: z.looseObject({ media_id: mediaId }, 'an object {"media_id": "…"}'),
  mpnewsarticle: z.looseObject(
    { article_id: requiredText('an article_id as a non-empty string') },
    'an object {"article_id": "…"}',
  ),
  msgmenu: z.looseObject(
    {
      head_content: optionalText,
      list: z.array(menuEntry, 'a list of menu entries').min(1, 'at least one menu entry'),
      tail_content: optionalText,
    },
    'an object {"head_content": "…", "list": [{"id": "…", "content": "…"}], "tail_content": "…"}',
  ),
  wxcard: z.looseObject(
    { card_id: requiredText('a card_id as a non-empty string') },
    'an object {"card_id": "…"}',
  ),
  miniprogrampage: z.looseObject(
    {
      title: optionalText,
      appid: requiredText('the appid of a linked mini program'),
      pagepath: requiredText('the path of a page'),
      thumb_media_id: mediaId,
    },
    'an object {"title": "…", "appid": "…", "pagepath": "…", "thumb_media_id": "…"}',
  ),
} as const;

export type Msgtype = keyof typeof PAYLOADS;

/** Every `msgtype` an Official Account can send. */
export const MSGTYPES = Object.keys(PAYLOADS) as readonly Msgtype[];

/** A customer-service message as WeChat takes it: the recipient, the type, and its payload. */
export type CustomMessage = {
  [Type in Msgtype]: {
    readonly touser: string;
    readonly msgtype: Type;
    readonly [field: string]: unknown;
  } & Readonly<Record<Type, z.infer<(typeof PAYLOADS)[Type]>>>;
}[Msgtype];

function bodyOf(msgtype: Msgtype) {
  const payload = PAYLOADS[msgtype];
  return z.looseObject({
    touser: openid,
    msgtype: z.literal(msgtype),
    [msgtype]: payload.meta({ title: msgtype }),
  });
}

const bodies = MSGTYPES.map(bodyOf);
const [firstBody, ...otherBodies] = bodies;
if (!firstBody) throw new Error('no msgtype is known');

export const customSchema = z.discriminatedUnion('msgtype', [firstBody, ...otherBodies], {
  error: (issue) => {
    if (issue.code !== 'invalid_union')
      return 'an object: the body of WeChat’s message/custom/send';
    return `one of ${MSGTYPES.join(', ')}${hintFor(valueAt(issue.input, ['msgtype']))}`;
  },
});

function hintFor(msgtype: unknown): string {
  if (typeof msgtype !== 'string') return '';
  if (msgtype === 'link') return ' ("link" is for mini programs only)';
  const nearest = nearestName(msgtype, MSGTYPES);
  return nearest ? ` (did you mean "${nearest}"?)` : '';
}

const LINE_LAYOUT = /[\n\r\t]/g;

/** Fields whose text the recipient reads in lines. */
const READ_IN_LINES = new Set(['content', 'head_content', 'tail_content', 'title', 'description']);

/** Line breaks and tabs are fine in what the recipient reads, and nowhere else. */
export function customControls(path: readonly string[]): RegExp | null {
  return READ_IN_LINES.has(path.at(-1) ?? '') ? LINE_LAYOUT : null;
}
