import { type Logger as PinoLogger, destination, pino } from 'pino';

/** A structured logger. Fields are chosen one by one where a line is written, never spread. */
export type Logger = PinoLogger;

/** What must never be in a line, whoever wrote it: the last net under the code that takes care. */
const SECRETS =
  /(access_token|appsecret|secret|password|authorization|encodingAesKey)(\\*["']?\s*[=:]\s*\\*["']?(?:Bearer\s+)?)([^"'&\s,}\\]{4,})/gi;
const URL_PASSWORD = /(rediss?(?:\+\w+)?:\/\/[^:@/\s"]*):[^@/\s"]+@/gi;

/** Removes values of secret-looking fields and passwords inside URLs from a text. */
export function scrub(text: string): string {
  return text.replace(SECRETS, '$1$2[redacted]').replace(URL_PASSWORD, '$1:[redacted]@');
}

/** Removes one known secret from a text, plain or as part of a URL. */
export function withoutValue(text: string, secret: string): string {
  return text.replaceAll(secret, '[redacted]').replaceAll(encodeURIComponent(secret), '[redacted]');
}

/**
 * JSON lines on stdout. Written in small batches (4 KiB or 100 ms, whichever comes first),
 * because one system call per sent message costs as much as the rest of the line.
 */
export function createLogger(options: { name: string; level: string }): Logger {
  const stdout = destination({ dest: 1, sync: false, minLength: 4096, periodicFlush: 100 });
  return pino(
    {
      name: options.name,
      level: options.level,
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite: scrub },
    },
    stdout,
  );
}

/** Resolves once everything logged so far has been handed to the operating system. */
export function flushLogger(logger: Logger): Promise<void> {
  return new Promise((resolve) => {
    logger.flush(() => resolve());
  });
}
