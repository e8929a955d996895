import type { MessageStatus } from '../../producer/index.ts';
import { html, type Html } from '../html.ts';

/** A message's state, coloured by how good that is. */
export function shownState({ state }: MessageStatus): Html {
  return html`<span class="${STATE_CLASS[state] ?? ''}">${state}</span>`;
}

const STATE_CLASS: Readonly<Record<string, string>> = {
  sent: 'good',
  delivered: 'good',
  retrying: 'warn',
  held: 'warn',
  unknown: 'bad',
  dead: 'bad',
  undelivered: 'bad',
};
