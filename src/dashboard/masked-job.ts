import { PLAIN_FIELDS } from '../shared/message/shown-value.ts';
import { maskOpenid, maskOpenids } from '../shared/openid.ts';

const MASK = '***';

/**
 * Job data as Bull Board may show it: the recipient shortened, everything that a customer would
 * read replaced. Of a lane's job the message is `message`, of a dead letter's `job.message`.
 */
export function maskedJob(data: unknown): unknown {
  if (!isRecord(data)) return MASK;
  const { message, job, id, detail, ...rest } = data;
  return {
    ...rest,
    ...(typeof id === 'string' && { id: maskOpenids(id) }),
    ...(typeof detail === 'string' && { detail: maskOpenids(detail) }),
    ...(message !== undefined && { message: maskedMessage(message) }),
    ...(job !== undefined && { job: isRecord(job) ? maskedJob(job) : null }),
  };
}

function maskedMessage(message: unknown): unknown {
  if (!isRecord(message)) return MASK;
  return Object.fromEntries(
    Object.entries(message).map(([name, value]) => {
      if (name === 'touser') return [name, maskOpenid(String(value))];
      return [name, PLAIN_FIELDS.has(name) ? value : masked(value)];
    }),
  );
}

/** The shape stays, the texts go. */
function masked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(masked);
  if (!isRecord(value)) return MASK;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, masked(inner)]));
}

/** What a person recognises a job by: template or kind, the caller's id, the recipient. */
export function nameOf(props: unknown): string {
  const data = isRecord(props) && isRecord(props['data']) ? props['data'] : {};
  const job = isRecord(data['job']) ? data['job'] : data;
  const message = isRecord(job['message']) ? job['message'] : {};
  const what = message['template_id'] ?? message['msgtype'];
  const parts = [
    typeof what === 'string' ? what.slice(0, 8) : 'job',
    typeof job['id'] === 'string' ? maskOpenids(job['id']) : undefined,
    typeof message['touser'] === 'string' ? maskOpenid(message['touser']) : undefined,
  ];
  return parts.filter((part) => part !== undefined).join(' · ');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
