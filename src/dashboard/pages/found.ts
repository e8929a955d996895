import type { FoundMessage } from '../../producer/index.ts';
import { maskOpenid, maskOpenids } from '../../shared/openid.ts';
import { html, type Html } from '../html.ts';
import { page, type Reader, shownTime, table } from './layout.ts';
import { shownState } from './state.ts';

/** Several messages, as of one order or one recipient. */
export function foundPage(reader: Reader, found: readonly FoundMessage[]): Html {
  const { say } = reader;
  const heads = (['message', 'id', 'kind', 'accepted', 'state', 'reason'] as const).map(
    (word) => html`<th>${say(word)}</th>`,
  );
  const rows = found.map(
    (status) =>
      html`<tr>
        <td>
          <a href="/message?q=${status.messageId}"><code>${status.messageId}</code></a>
        </td>
        <td>${status.id !== undefined && maskOpenids(status.id)}</td>
        <td>${status.kind}</td>
        <td>${shownTime(status.acceptedAt)}</td>
        <td>${shownState(reader, status.state)}</td>
        <td>${status.reason}</td>
      </tr>`,
  );
  return page(reader, say('found'), table(heads, rows));
}

/** An openid that was copied together with what stood behind it is still one. */
const LONG_OPENID = /(?<![\w-])o[\w-]{28,}/g;

/** Says what was looked for, an openid shortened, and what else to try. */
export function noMessagePage(reader: Reader, text: string): Html {
  const { say } = reader;
  const shown = maskOpenids(text).replaceAll(LONG_OPENID, maskOpenid);
  return page(
    reader,
    say('message'),
    text === ''
      ? html`<p>${say('searchEmpty')}</p>`
      : html`<p>${say('notFound')} <code>${shown}</code></p>
          <ul>
            <li>${say('notFoundParts')}</li>
            <li>${say('notFoundForgotten')}</li>
            <li>${say('notFoundAccepted')}</li>
          </ul>`,
    { searched: shown, isSearching: true },
  );
}
