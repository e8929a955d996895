/** One thing the doctor looked at. */
export interface Check {
  /** Stable, for machines: `redis.version`, `account.token wx…`. */
  readonly name: string;
  readonly ok: boolean;
  /** What was found. */
  readonly detail: string;
  /** What a person should do; also with an `ok` that could be better. */
  readonly remedy?: string;
}

export function good(name: string, detail: string, remedy?: string): Check {
  return { name, ok: true, detail, ...(remedy !== undefined && { remedy }) };
}

export function bad(name: string, detail: string, remedy: string): Check {
  return { name, ok: false, detail, remedy };
}
