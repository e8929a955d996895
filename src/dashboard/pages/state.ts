import type { MessageState } from '../../producer/index.ts';
import { html, type Html } from '../html.ts';
import type { Reader } from './layout.ts';

/** A message's state, coloured by how good that is; in Chinese beside the word that all else has for it. */
export function shownState({ language }: Reader, state: MessageState): Html {
  return html`<span class="${STATE_CLASS[state] ?? ''}">${stateIn(language, state)}</span>`;
}

export function stateIn(language: Reader['language'], state: MessageState): string {
  return language === 'zh' ? `${IN_CHINESE[state]} ${state}` : state;
}

const STATE_CLASS: Readonly<Partial<Record<MessageState, string>>> = {
  sent: 'good',
  delivered: 'good',
  retrying: 'warn',
  held: 'warn',
  unknown: 'bad',
  dead: 'bad',
  undelivered: 'bad',
};

const IN_CHINESE: Readonly<Record<MessageState, string>> = {
  scheduled: '定时',
  queued: '排队中',
  sending: '发送中',
  retrying: '等待重试',
  sent: '已发送',
  held: '微信审核中',
  delivered: '已送达',
  undelivered: '未送达',
  unknown: '结果未知',
  dead: '死信',
  cancelled: '已取消',
};
