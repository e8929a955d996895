import type { ErrcodeClass } from '../outcome.ts';
import { ACCOUNT_CODES } from './account-codes.ts';
import type { ClassedErrcode, Errcode } from './entry.ts';
import { PAYLOAD_CODES } from './payload-codes.ts';
import { PASSING_CODES } from './passing-codes.ts';
import { RECIPIENT_CODES } from './recipient-codes.ts';
import { TEMPLATE_CODES } from './template-codes.ts';

function withClass(errcodeClass: ErrcodeClass, entries: readonly ClassedErrcode[]): Errcode[] {
  return entries.map((entry) => ({ ...entry, class: errcodeClass }));
}

/** WeChat's codes as data: the only place that says which code means what. Ascending. */
export const TABLE: readonly Errcode[] = [
  ...PASSING_CODES,
  ...withClass('account-config', ACCOUNT_CODES),
  ...withClass('permanent-recipient', RECIPIENT_CODES),
  ...withClass('permanent-payload', PAYLOAD_CODES),
  ...withClass('template-config', TEMPLATE_CODES),
].sort((left, right) => left.code - right.code);
