import type { ChildProcess } from 'node:child_process';
import { forkChild, stopChild } from './child.ts';
import type { Arm, StubReport } from './stub.ts';

/** The stub as the benchmark sees it. */
export interface Stub {
  readonly url: string;
  /** Counts from zero again. */
  arm(arm: Arm): Promise<void>;
  /** Milliseconds from the first to the last send, once all have arrived. */
  done(timeoutMs: number): Promise<number>;
  stop(): Promise<void>;
}

export async function startStub(): Promise<Stub> {
  const child = forkChild('bench/stub.ts');
  const { port } = await next(child, 'listening', 15_000);
  return {
    url: `http://127.0.0.1:${port}`,
    async arm(arm) {
      const armed = next(child, 'armed', 5000);
      child.send(arm);
      await armed;
    },
    done: async (timeoutMs) => (await next(child, 'done', timeoutMs)).milliseconds,
    stop: () => stopChild(child),
  };
}

type ReportOf<Kind extends StubReport['kind']> = Extract<StubReport, { kind: Kind }>;

function next<Kind extends StubReport['kind']>(
  child: ChildProcess,
  kind: Kind,
  timeoutMs: number,
): Promise<ReportOf<Kind>> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => end(() => reject(new Error(`No "${kind}" from the stub within ${timeoutMs} ms`))),
      timeoutMs,
    ).unref();
    const onMessage = (report: StubReport): void => {
      if (report.kind === kind) end(() => resolve(report as ReportOf<Kind>));
    };
    const onExit = (): void => end(() => reject(new Error('The stub ended')));
    function end(settle: () => void): void {
      clearTimeout(timer);
      child.off('message', onMessage);
      child.off('exit', onExit);
      settle();
    }
    child.on('message', onMessage);
    child.on('exit', onExit);
  });
}
