import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { accountSchema } from './account.ts';
import { faultSchema } from './fault.ts';
import { settingsSchema } from './settings.ts';

const port = z.coerce.number().int().min(0).max(65_535);

/** What a simulator starts with; everything has a default. */
export const optionsSchema = z.strictObject({
  /** 0 is any free port. */
  port: port.default(0),
  host: z.string().min(1).default('127.0.0.1'),
  /** Makes latencies, probabilities and text variants repeatable. */
  seed: z.number().int().default(1),
  accounts: z.array(accountSchema).default([]),
  settings: settingsSchema.prefault({}),
  faults: z.array(faultSchema).default([]),
});
export type SimulatorOptions = z.input<typeof optionsSchema>;
export type ResolvedOptions = z.output<typeof optionsSchema>;

/** The simulator cannot start like this; the message is one line for a person. */
export class SimulatorConfigError extends Error {
  override readonly name = 'SimulatorConfigError';
}

/** @throws SimulatorConfigError naming everything that is wrong */
export function resolveOptions(options: unknown): ResolvedOptions {
  const parsed = optionsSchema.safeParse(options);
  if (parsed.success) return parsed.data;
  throw new SimulatorConfigError(
    parsed.error.issues
      .map((issue) => `${issue.path.map(String).join('.') || 'options'}: ${issue.message}`)
      .join('; '),
  );
}

/**
 * The options in a JSON file.
 *
 * @throws SimulatorConfigError when it cannot be read
 */
export function readConfigFile(path: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return z.record(z.string(), z.unknown()).parse(value);
  } catch (error) {
    const reason = error instanceof z.ZodError ? 'not a JSON object' : describe(error);
    throw new SimulatorConfigError(`${path}: ${reason}`, { cause: error });
  }
}

/** A syntax error quotes the file, which may hold secrets; the kind of error is enough. */
function describe(error: unknown): string {
  if (error instanceof SyntaxError) return 'not valid JSON';
  if (error instanceof Error && 'code' in error) return String(error.code);
  return 'cannot be read';
}
