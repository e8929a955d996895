import { z } from 'zod';
import { openid, requiredText, templateId } from './identifier.ts';

/**
 * The body of `message/template/send`. Fields not named here pass through untouched: WeChat
 * adds and ignores fields as it likes. The limits of typed values (20 characters of `thing`…)
 * are left to WeChat, which does not say how it counts. WeChat facts §2.1, §2.2, and
 * https://developers.weixin.qq.com/doc/service/api/notify/template/api_sendtemplatemessage
 */
export const templateSchema = z.looseObject(
  {
    touser: openid,
    template_id: templateId,
    url: z.string('a link as a string').optional(),
    miniprogram: z
      .looseObject(
        {
          appid: requiredText('the appid of a linked mini program'),
          pagepath: z.string('the path of a page as a string').optional(),
        },
        'an object {"appid": …, "pagepath": …}',
      )
      .optional(),
    data: z
      .record(
        z.string(),
        z.looseObject(
          { value: z.string('a string (WeChat takes only strings here, so quote it)') },
          'an object {"value": "…"}',
        ),
        'an object of the template’s variables, as in {"thing1": {"value": "…"}}',
      )
      .refine((data) => Object.keys(data).length > 0, 'at least one variable of the template'),
    client_msg_id: z
      .never('no client_msg_id: the courier sets it, use the envelope’s "id" against repeats')
      .optional(),
  },
  'an object: the body of WeChat’s message/template/send',
);

/** A template message as WeChat takes it, without `client_msg_id`, which is ours to set. */
export type TemplateMessage = z.infer<typeof templateSchema>;

/** Variables of category templates are a type and a number; all others are of the old kind. */
const TYPED_VARIABLE =
  /^(?:thing|short_thing|character_string|time|date|amount|phone_number|car_number|const|phrase|number|letter|symbol|name|enum)\d+$/;

const LINE_BREAK = /\n/g;

/**
 * WeChat refuses control characters in typed values (47003); the values of old templates
 * (`first`, `keyword1`, `remark`, or any name) may hold line breaks. WeChat facts §2.2.
 */
export function templateControls(path: readonly string[]): RegExp | null {
  const [top, variable = '', field] = path;
  const isValue = path.length === 3 && top === 'data' && field === 'value';
  return isValue && !TYPED_VARIABLE.test(variable) ? LINE_BREAK : null;
}
