/**
 * Loaded into a worker before its own code (`node --import`): writes down how late its event loop
 * is, without the worker knowing. LOOP_DELAY_FILE: where to; LOOP_DELAY_AFTER_MS: when to begin.
 */
import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const file = process.env['LOOP_DELAY_FILE'];
const afterMs = Number(process.env['LOOP_DELAY_AFTER_MS'] ?? '0');
const EVERY_MS = 2000;

if (file) {
  const delays = monitorEventLoopDelay({ resolution: 10 });
  setTimeout(() => {
    delays.enable();
    setInterval(() => write(delays), EVERY_MS).unref();
  }, afterMs).unref();
}

function write(delays) {
  const milliseconds = (nanoseconds) => Math.round(nanoseconds / 1e4) / 100;
  const seen = {
    p50: milliseconds(delays.percentile(50)),
    p999: milliseconds(delays.percentile(99.9)),
    max: milliseconds(delays.max),
  };
  writeFileSync(`${file}.${process.pid}`, JSON.stringify(seen));
}
