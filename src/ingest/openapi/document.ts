import { listSchema } from '../routes/dead-letters.ts';
import { componentSchemas, ofZod, type Schema } from './schemas.ts';

type Answers = Readonly<Record<number, Schema>>;

const json = (name: string): Schema => ({
  content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } },
});
const answer = (description: string, name: string): Schema => ({ description, ...json(name) });
const problem = (description: string): Schema => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
});
const later = (description: string): Schema => ({
  ...problem(description),
  headers: { 'Retry-After': { schema: { type: 'integer' }, description: 'Seconds.' } },
});

const EVERYWHERE: Answers = {
  401: problem('No key, a wrong one, or one that was revoked. Decided before anything else.'),
  403: problem('The key lacks the scope, or may not use the account.'),
  429: later('More requests a second than a key may make.'),
  503: later('Redis is away or nearly full. Repeat with the same id.'),
};
const WITH_BODY: Answers = {
  413: problem('The body is too large.'),
  415: problem('The body is not application/json.'),
};
const NOT_VALID = problem('Not valid; `issues` says where and why. Nothing was changed.');
const UNKNOWN_MESSAGE = problem('No such message is known (any more).');
const UNKNOWN_ACCOUNT = problem('No such account.');

const body = (name: string): Schema => ({ required: true, ...json(name) });
const inPath = (name: string, description: string): Schema => ({
  name,
  in: 'path',
  required: true,
  description,
  schema: { type: 'string' },
});
const MESSAGE_ID = inPath('messageId', '`<appId>.<26 characters 0-9a-z>`');
const APP_ID = inPath('appId', 'An account of the accounts file.');

/** The query of the list of dead letters. */
function listParameters(): Schema[] {
  const { properties } = ofZod(listSchema) as { properties: Record<string, Schema> };
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', schema }));
}

function operation(id: string, summary: string, answers: Answers, more: Schema = {}): Schema {
  return {
    operationId: id,
    summary,
    ...more,
    responses: { ...answers, ...EVERYWHERE, ...('requestBody' in more && WITH_BODY) },
  };
}

function open(id: string, summary: string, type: string, statuses: readonly number[]): Schema {
  const responses = statuses.map((status) => [
    status,
    { description: summary, content: { [type]: { schema: {} } } },
  ]);
  return {
    get: { operationId: id, summary, security: [], responses: Object.fromEntries(responses) },
  };
}

const PATHS: Schema = {
  '/v1/messages': {
    post: operation(
      'send',
      'Hand a message over. Once accepted it ends in exactly one known state.',
      {
        202: answer('Accepted: it is in the queue.', 'Accepted'),
        200: answer('This id was accepted before, with the same content.', 'Accepted'),
        400: NOT_VALID,
        404: UNKNOWN_ACCOUNT,
        409: problem('This id was used before, with other content.'),
      },
      { requestBody: body('Envelope') },
    ),
  },
  '/v1/messages/batch': {
    post: operation(
      'sendBatch',
      'Hand up to 500 messages over; each has an answer of its own, in order.',
      { 207: answer('An answer for each.', 'BatchResults'), 400: NOT_VALID },
      { requestBody: body('Batch') },
    ),
  },
  '/v1/messages/{messageId}': {
    parameters: [MESSAGE_ID],
    get: operation('status', 'What is known of a message.', {
      200: answer('Its state and all attempts.', 'MessageStatus'),
      404: UNKNOWN_MESSAGE,
    }),
    delete: operation('cancel', 'Cancel a message that waits.', {
      200: answer('It will not be sent.', 'Cancelled'),
      404: UNKNOWN_MESSAGE,
      409: problem('It is being, was or may have been sent, or has ended.'),
    }),
  },
  '/v1/dead-letters': {
    get: operation(
      'deadLetters',
      'Messages that will not be sent unless somebody acts, newest first.',
      { 200: answer('A page.', 'DeadLetters'), 400: NOT_VALID },
      { parameters: listParameters() },
    ),
  },
  '/v1/dead-letters/redrive': {
    post: operation(
      'redrive',
      'Send dead letters again, with a fresh attempt budget; by ids, by filter, or all.',
      { 202: answer('Requested; workers carry it out.', 'Redriven'), 400: NOT_VALID },
      { requestBody: body('Redrive') },
    ),
  },
  '/v1/accounts/{appId}': {
    parameters: [APP_ID],
    get: operation('account', 'Lanes, pause, token, rate and quota of an account.', {
      200: answer('How it stands.', 'Account'),
      404: UNKNOWN_ACCOUNT,
    }),
  },
  '/v1/accounts/{appId}/pause': {
    parameters: [APP_ID],
    post: operation('pause', 'Send nothing of an account until it is resumed.', {
      200: answer('How it stands.', 'Account'),
      404: UNKNOWN_ACCOUNT,
    }),
  },
  '/v1/accounts/{appId}/resume': {
    parameters: [APP_ID],
    post: operation('resume', 'End any pause, and wake lanes that sleep.', {
      200: answer('How it stands.', 'Account'),
      404: UNKNOWN_ACCOUNT,
    }),
  },
  '/openapi.json': open('openapi', 'This document.', 'application/json', [200]),
  '/healthz': open('healthz', 'The process lives.', 'text/plain', [200]),
  '/readyz': open('readyz', 'It can take messages.', 'text/plain', [200, 503]),
  '/metrics': open('metrics', 'Metrics for Prometheus.', 'text/plain', [200]),
};

/** The description of the API (OpenAPI 3.1), made from the schemas that check what comes in. */
export function openApiDocument(version: string): Schema {
  return {
    openapi: '3.1.0',
    info: {
      title: 'wechat-courier ingest',
      version,
      description: 'Hands messages of WeChat Official Accounts to wechat-courier.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{ key: [] }],
    paths: PATHS,
    components: {
      schemas: componentSchemas(),
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'A key of `courier keys create`.' },
      },
    },
  };
}
