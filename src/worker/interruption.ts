/**
 * Tells one run to stop at once: the lock of its job is lost. An AbortSignal would do, but
 * every message would pay for one in garbage (docs/decisions/0008-cost-of-the-ledger.md).
 */
export class Interruption {
  #raised = false;
  #listener: (() => void) | undefined;

  get raised(): boolean {
    return this.#raised;
  }

  /** Called at most once, if it is raised from now on; one listener at a time, `undefined` for none. */
  listen(listener: (() => void) | undefined): void {
    this.#listener = listener;
  }

  raise(): void {
    if (this.#raised) return;
    this.#raised = true;
    this.#listener?.();
  }
}
