export const LANGUAGES = ['en', 'zh'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Every text of our pages, in both languages. */
const WORDS = {
  overview: { en: 'Overview', zh: '总览' },
  deadLetters: { en: 'Dead letters', zh: '死信' },
  message: { en: 'Message', zh: '消息' },
  account: { en: 'Account', zh: '公众号' },
  board: { en: 'Bull Board', zh: 'Bull Board' },
  logIn: { en: 'Log in', zh: '登录' },
  logOut: { en: 'Log out', zh: '退出' },
  name: { en: 'Name', zh: '用户名' },
  password: { en: 'Password', zh: '密码' },
  search: { en: 'Find', zh: '查找' },
  searchHint: { en: 'message id or your own id', zh: '消息 id 或业务 id' },
  kind: { en: 'kind', zh: '类型' },
  waiting: { en: 'waiting', zh: '等待' },
  oldest: { en: 'oldest waits', zh: '最久等待' },
  delayed: { en: 'delayed', zh: '延迟' },
  active: { en: 'being sent', zh: '发送中' },
  parked: { en: 'unknown', zh: '结果未知' },
  limit: { en: 'limit', zh: '限速' },
  state: { en: 'state', zh: '状态' },
  token: { en: 'token', zh: 'token' },
  running: { en: 'running', zh: '运行中' },
  paused: { en: 'paused', zh: '已暂停' },
  asleep: { en: 'asleep until', zh: '休眠至' },
  none: { en: 'none', zh: '无' },
  expired: { en: 'expired', zh: '已过期' },
  reason: { en: 'reason', zh: '原因' },
  errcode: { en: 'errcode', zh: '错误码' },
  meaning: { en: 'meaning', zh: '含义' },
  advice: { en: 'what to do', zh: '怎么办' },
  died: { en: 'died', zh: '时间' },
  id: { en: 'your id', zh: '业务 id' },
  accepted: { en: 'accepted', zh: '已接收' },
  attempt: { en: 'attempt', zh: '尝试' },
  at: { en: 'at', zh: '时间' },
  took: { en: 'took', zh: '耗时' },
  verdict: { en: 'verdict', zh: '判定' },
  redrive: { en: 'Redrive', zh: '重新投递' },
  redriveAll: { en: 'Redrive these', zh: '重新投递这些' },
  purge: { en: 'Purge', zh: '清除' },
  purgeAll: { en: 'Purge these', zh: '清除这些' },
  confirmPurge: { en: 'Delete these dead letters for good?', zh: '永久删除这些死信？' },
  everything: { en: 'every dead letter there is', zh: '所有死信' },
  back: { en: 'Back', zh: '返回' },
  pause: { en: 'Pause', zh: '暂停' },
  resume: { en: 'Resume', zh: '恢复' },
  filter: { en: 'Filter', zh: '筛选' },
  any: { en: 'any', zh: '任意' },
  since: { en: 'since', zh: '起始时间' },
  more: { en: 'Older ones', zh: '更早的' },
  nothing: { en: 'Nothing here.', zh: '没有内容。' },
  notFound: { en: 'No such message is known.', zh: '没有这条消息。' },
  redriven: { en: 'redrives requested', zh: '条已请求重新投递' },
  purged: { en: 'purged', zh: '条已清除' },
  language: { en: '中文', zh: 'English' },
} as const satisfies Readonly<Record<string, Readonly<Record<Language, string>>>>;

export type Word = keyof typeof WORDS;
/** Says a word in the language of the reader. */
export type Say = (word: Word) => string;

export function sayIn(language: Language): Say {
  return (word) => WORDS[word][language];
}

/** What the reader chose, else what the browser asks for. */
export function languageOf(chosen: string | undefined, accepted: string | undefined): Language {
  const known = LANGUAGES.find((language) => language === chosen);
  return known ?? (/^\s*zh/i.test(accepted ?? '') ? 'zh' : 'en');
}
