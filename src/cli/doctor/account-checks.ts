import type { Account } from '../../shared/accounts.ts';
import { systemClock } from '../../shared/clock.ts';
import { explainErrcode } from '../../shared/errcodes/errcode.ts';
import { laneName } from '../../shared/keys.ts';
import { createTokenSource } from '../../worker/token/token-source.ts';
import { shownPause, shownStanding, type StandingAccount, type StandingLane } from '../standing.ts';
import { bad, type Check, good } from './check.ts';

/** Whether WeChat gives this account a token. Asking is harmless but with the classic endpoint. */
export async function checkToken(account: Account): Promise<Check> {
  const name = `account.token ${account.appId}`;
  if (account.tokenSource.kind === 'token') {
    return good(name, 'not asked: with the classic endpoint asking replaces the token in use');
  }
  const answer = await createTokenSource(account, systemClock).fetch({ force: false });
  switch (answer.kind) {
    case 'token':
      return good(name, `${account.tokenSource.kind} gave one`);
    case 'unavailable':
      return bad(
        name,
        answer.detail,
        'Check the network between this machine and WeChat, then repeat.',
      );
    case 'refused': {
      const { meaning, advice } = explainErrcode(answer.errcode);
      return bad(name, `${answer.errcode} ${answer.errmsg}: ${meaning}`, adviceFor(answer, advice));
    }
  }
}

/** 40164 says which address WeChat sees. */
function adviceFor(
  { errcode, errmsg }: { errcode: number; errmsg: string },
  advice: string,
): string {
  const [, address] = /invalid ip ([0-9a-fA-F.:]+)/.exec(errmsg) ?? [];
  if (errcode !== 40164 || address === undefined) return advice;
  return `Add ${address} to the IP whitelist of this account (开发 > 基本配置 > IP白名单). ${advice}`;
}

/** Whether the lanes of an account move. */
export function checkLanes({ appId, pause, lanes }: StandingAccount): Check[] {
  const checks = lanes.map((lane) => checkLane(appId, lane));
  if (!pause) return checks;
  const remedy =
    pause.errcode === undefined
      ? `When it may send again: courier resume ${appId}.`
      : explainErrcode(pause.errcode).advice;
  return [bad(`account.pause ${appId}`, shownPause(pause), remedy), ...checks];
}

function checkLane(appId: string, lane: StandingLane): Check {
  const { kind, waiting, delayed, active, parked, standing } = lane;
  const name = `lane ${laneName(appId, kind)}`;
  const counts = `${waiting} waiting, ${delayed} delayed, ${active} active, ${parked} unknown`;
  const told = `${counts}; ${shownStanding(standing)}`;
  switch (standing.kind) {
    case 'no-worker':
      return bad(name, told, 'Start one: courier start worker.');
    case 'stuck':
      return bad(name, told, 'Read the logs of the workers, restart them.');
    case 'half-paused':
      return bad(
        name,
        told,
        `Repeat what was interrupted: courier pause, or courier resume ${appId}.`,
      );
    case 'paused':
      // With a reason, the account is what is wrong.
      if (standing.pause) return good(name, counts);
      return bad(name, told, `When it may send again: courier resume ${appId}.`);
    case 'asleep':
      return good(name, told);
    case 'running':
      return good(name, counts, parked > 0 ? 'See: courier unknown list.' : undefined);
  }
}
