import { html, type Html } from '../html.ts';
import { page, type Reader } from './layout.ts';
import { accountsTable, type AccountView } from './overview.ts';

export function accountPage(reader: Reader, account: AccountView, now: number): Html {
  const { say, isOperator } = reader;
  const isPaused = account.pause !== undefined || account.lanes.some(({ paused }) => paused);
  const action = isPaused ? 'resume' : 'pause';
  const button = html`<form
    class="inline"
    method="post"
    action="/accounts/${account.appId}/${action}"
  >
    <button>${say(action)}</button>
  </form>`;
  return page(
    reader,
    `${say('account')} ${account.appId}`,
    html`${accountsTable(say, [account], now)} ${isOperator && html`<p>${button}</p>`}
      <p><a href="/dead-letters?appId=${account.appId}">${say('deadLetters')}</a></p>`,
  );
}
