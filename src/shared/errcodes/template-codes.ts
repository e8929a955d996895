import type { ClassedErrcode } from './entry.ts';

/** The template cannot be used: every message with it fails until a person acts. */
export const TEMPLATE_CODES: readonly ClassedErrcode[] = [
  {
    code: 40037,
    confidence: 'documented',
    meaning: {
      en: 'The template_id is not known to this account: a typing error, another account’s, or removed with its category.',
      zh: 'template_id 无效：填写有误、属于其他公众号，或已随类目一起被删除。',
    },
    advice: {
      en: 'Compare it with the template list in the MP console; after a change of category use the new id. It can pass by itself within minutes: redrive then.',
      zh: '请与公众平台后台的模板列表核对；调整过类目的，请换用新的模板 ID。也有几分钟内自行恢复的情况，届时重新投递即可。',
    },
  },
  {
    code: 43116,
    confidence: 'documented',
    meaning: { en: 'WeChat has banned this template.', zh: '该模板已被封禁。' },
    advice: {
      en: 'Read the notice in the MP console, appeal there or move to another template.',
      zh: '请在公众平台后台查看违规通知并申诉，或改用其他模板。',
    },
  },
  {
    code: 45026,
    confidence: 'sdk',
    meaning: { en: 'The account has too many templates.', zh: '模板数量超出限制。' },
    advice: {
      en: 'Delete templates that are no longer used (25 may be in use at once).',
      zh: '请删除不再使用的模板（最多同时使用 25 个）。',
    },
  },
  {
    code: 45027,
    confidence: 'sdk',
    meaning: {
      en: 'The template does not fit the industry or category of the account.',
      zh: '模板与公众号所选行业或类目冲突。',
    },
    advice: {
      en: 'Choose a template of the account’s own category.',
      zh: '请选用该公众号所属类目下的模板。',
    },
  },
  {
    code: 200011,
    confidence: 'documented',
    meaning: {
      en: 'The account is banned from managing templates.',
      zh: '此账号已被封禁，无法操作模板。',
    },
    advice: {
      en: 'Read the notice in the MP console and appeal there.',
      zh: '请在公众平台后台查看违规通知并申诉。',
    },
  },
  {
    code: 200012,
    confidence: 'documented',
    meaning: { en: 'The limit of own templates is reached.', zh: '私有模板数已达上限。' },
    advice: { en: 'Delete templates that are no longer used.', zh: '请删除不再使用的模板。' },
  },
  {
    code: 200013,
    confidence: 'documented',
    meaning: { en: 'This template has been banned.', zh: '此模板已被封禁。' },
    advice: { en: 'Move to another template.', zh: '请改用其他模板。' },
  },
  {
    code: 200014,
    confidence: 'documented',
    meaning: { en: 'The template’s library number (tid) is wrong.', zh: '模板 tid 参数错误。' },
    advice: {
      en: 'Take the number from the template library of the account’s own category.',
      zh: '请使用该公众号所属类目模板库中的编号。',
    },
  },
  {
    code: 200100,
    confidence: 'documented',
    meaning: { en: 'The template’s type does not fit this call.', zh: '模板类型与该接口不符。' },
    advice: {
      en: 'Check whether it is a template or a subscription template, and use the API for it.',
      zh: '请确认该模板是模板消息还是订阅通知，并调用对应的接口。',
    },
  },
];
