import { KINDS, type Kind } from '../../src/shared/outcome.ts';
import { askForRedrive, buryFirst, insist, wearOutToken } from './prologue.ts';
import type { Scenario } from './scenario.ts';
import type { Site } from './site.ts';

const SEND: Record<Kind, string> = {
  template: '/cgi-bin/message/template/send',
  custom: '/cgi-bin/message/custom/send',
};

const FIRST_ANSWER = 'http.send:headers:1';

/** All stories, each for both kinds. */
export const SCENARIOS: readonly Scenario[] = KINDS.flatMap(scenariosOf);

function scenariosOf(kind: Kind): Scenario[] {
  const enqueue = (site: Site) => insist(() => site.producer.enqueue(site.envelope(kind)));
  const fault = (site: Site, spec: object) =>
    site.control('POST', 'faults', { path: SEND[kind], appId: site.appId, count: 1, ...spec });
  const refuse = (site: Site) =>
    site.control('POST', 'recipients', {
      appId: site.appId,
      recipients: [{ openid: site.openid, answer: 43004 }],
    });
  const base = { kind, victim: 'worker', end: 'sent', tokenFetches: 1 } as const;

  return [
    {
      ...base,
      name: `send-${kind}`,
      async prepare(site) {
        await enqueue(site);
      },
    },
    {
      ...base,
      name: `refused-${kind}`,
      from: FIRST_ANSWER,
      end: 'dead',
      async prepare(site) {
        refuse(site);
        await enqueue(site);
      },
    },
    {
      ...base,
      name: `busy-${kind}`,
      from: FIRST_ANSWER,
      async prepare(site) {
        fault(site, { accept: false, reply: { kind: 'errcode', errcode: -1 } });
        await enqueue(site);
      },
    },
    {
      ...base,
      name: `lost-answer-${kind}`,
      from: 'http.send:bodySent:1',
      end: kind === 'template' ? 'sent' : 'unknown',
      async prepare(site) {
        fault(site, { accept: true, reply: { kind: 'reset' } });
        await enqueue(site);
      },
    },
    {
      ...base,
      name: `token-replaced-${kind}`,
      from: FIRST_ANSWER,
      tokenFetches: 2,
      async prepare(site) {
        await wearOutToken(site, 'replaced');
        await enqueue(site);
      },
    },
    {
      ...base,
      name: `token-stuck-${kind}`,
      from: FIRST_ANSWER,
      tokenFetches: undefined,
      async prepare(site) {
        await wearOutToken(site, 'sticky');
        await enqueue(site);
      },
    },
    {
      ...base,
      name: `recovery-${kind}`,
      diedBefore: 'settle:before:1',
      async prepare(site) {
        await enqueue(site);
      },
    },
    {
      ...base,
      name: `recovery-of-refused-${kind}`,
      diedBefore: 'settle:after:1',
      end: 'dead',
      async prepare(site) {
        refuse(site);
        await enqueue(site);
      },
    },
    {
      ...base,
      name: `redrive-${kind}`,
      async prepare(site) {
        refuse(site);
        await enqueue(site);
        await buryFirst(site);
        await askForRedrive(site);
      },
    },
    {
      ...base,
      name: `ask-redrive-${kind}`,
      victim: 'redrive',
      async prepare(site) {
        refuse(site);
        await enqueue(site);
        await buryFirst(site);
      },
    },
    { ...base, name: `enqueue-${kind}`, victim: 'enqueue', prepare: () => Promise.resolve() },
    {
      ...base,
      name: `enqueue-abandoned-${kind}`,
      victim: 'enqueue',
      repeats: false,
      prepare: () => Promise.resolve(),
    },
  ];
}
