import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { Fleet } from '../chaos/fleet.ts';
import { messageIdsOf, startLoad } from './load.ts';
import type { Measured, MeasureOptions } from './measured.ts';
import { most } from './percentile.ts';
import { reckon } from './reckoning.ts';
import { openScene, type Scene } from './scene.ts';
import { type Slope, slopeOf } from './slope.ts';

const PROCESSES = 2;
const PER_SECOND = 300;
/** Less says nothing: until then Redis fills the list of the last finished jobs. */
const SHORT_MINUTES = 6;
const SAMPLE_MS = 5000;
const MOST_LOOP_MS = 200;
const MOST_MB_PER_HOUR = 1;
/** A line that is less sure than this, in MB an hour, shows nothing. */
const MOST_UNCERTAIN = 5;
/** What a message may leave behind: its ledger record, kept for 72 hours. */
const MOST_BYTES_PER_MESSAGE = 250 * 1.15;
/** Longest time in which memory may still settle. */
const WARM_UP_MS = 20 * 60_000;
const PRELOAD = path.join(import.meta.dirname, 'loop-delay.mjs');

interface Sample {
  readonly ms: number;
  /** Resident memory of each worker, MB. */
  readonly rss: readonly number[];
  /** Redis' used_memory, bytes. */
  readonly redis: number;
  readonly taken: number;
}

/** A steady load for a long time: does anything grow that should not. */
export async function soak(options: MeasureOptions): Promise<Measured> {
  const { short, minutes, outDir, say } = options;
  const runMs = (short ? SHORT_MINUTES : minutes) * 60_000;
  const warmUpMs = Math.min(WARM_UP_MS, runMs / 2);
  const scene = await openScene({ latency: '60:400' });
  try {
    const loopFile = path.join(scene.dir, 'loop-delay.json');
    const fleet = await scene.fleet({
      size: PROCESSES,
      env: {
        NODE_OPTIONS: `--import ${PRELOAD}`,
        LOOP_DELAY_FILE: loopFile,
        LOOP_DELAY_AFTER_MS: String(warmUpMs),
      },
    });
    const load = startLoad({ ...scene, perSecond: PER_SECOND });
    const csv = path.join(outDir, `courier-soak-${process.pid}.csv`);
    const samples = await watch(scene, fleet, runMs, csv, say);
    const loop = await loopDelays(loopFile);
    await load.stop();
    const { acknowledged, lost, doubled } = await reckon(scene, messageIdsOf(load));
    const warm = samples.filter(({ ms }) => ms >= warmUpMs);
    const slopes = Array.from({ length: PROCESSES }, (_, number) =>
      slopeOf(warm.map(({ ms, rss }) => [ms / 3_600_000, rss[number] ?? Number.NaN])),
    );
    const perMessage = slopeOf(warm.map(({ taken, redis }) => [taken, redis]));
    const p999 = most(loop.map((one) => one.p999));
    return {
      name: 'soak',
      promise: 'P19',
      target:
        `${PER_SECOND}/s for ${runMs / 60_000} min: memory < ${MOST_MB_PER_HOUR} MB/h, ` +
        `Redis ≤ ${Math.round(MOST_BYTES_PER_MESSAGE)} bytes a message, loop p99.9 < ${MOST_LOOP_MS} ms`,
      measured:
        `memory ${slopes.map(megabytes).join(' and ')} MB/h, ` +
        `Redis ${Math.round(perMessage.perUnit)} bytes a message, loop p99.9 ${p999} ms; ` +
        `${lost} lost, ${doubled} doubled of ${acknowledged}`,
      // A slope that may as well be none is no sign of a leak, if the interval says anything.
      held:
        slopes.every(isFlat) &&
        perMessage.perUnit <= MOST_BYTES_PER_MESSAGE &&
        p999 < MOST_LOOP_MS &&
        loop.length === PROCESSES &&
        lost + doubled === 0,
      details: { minutes: runMs / 60_000, slopes, perMessage, loop, csv, samples: samples.length },
    };
  } finally {
    await scene.close();
  }
}

function isFlat({ perUnit, uncertainty }: Slope): boolean {
  return perUnit - uncertainty < MOST_MB_PER_HOUR && uncertainty < MOST_UNCERTAIN;
}

async function watch(
  scene: Scene,
  fleet: Fleet,
  runMs: number,
  csv: string,
  say: (line: string) => void,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  const started = performance.now();
  const workers = Array.from({ length: PROCESSES }, (_, number) => `worker_${number}_mb`);
  await writeFile(csv, `ms,${workers.join(',')},redis_bytes,taken\n`);
  for (let next = SAMPLE_MS; next <= runMs; next += SAMPLE_MS) {
    await delay(Math.max(0, next - (performance.now() - started)));
    await scene.takings.refresh();
    const sample = {
      ms: Math.round(performance.now() - started),
      rss: await Promise.all(workers.map((_, number) => residentMb(fleet.pid(number)))),
      redis: usedMemory(await scene.admin.info('memory')),
      taken: scene.takings.size,
    };
    samples.push(sample);
    await appendFile(csv, `${[sample.ms, ...sample.rss, sample.redis, sample.taken].join(',')}\n`);
    if (samples.length % 12 === 0)
      say(`${Math.round(sample.ms / 60_000)} min, ${sample.taken} sent`);
  }
  return samples;
}

async function residentMb(pid: number | null): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

function usedMemory(info: string): number {
  return Number(/used_memory:(\d+)/.exec(info)?.[1]);
}

const loopSchema = z.object({ p50: z.number(), p999: z.number(), max: z.number() });

/** What each worker wrote of its own event loop. */
async function loopDelays(file: string): Promise<z.infer<typeof loopSchema>[]> {
  const names = await readdir(path.dirname(file));
  const mine = names.filter((name) => name.startsWith(`${path.basename(file)}.`));
  const texts = mine.map((name) => readFile(path.join(path.dirname(file), name), 'utf8'));
  return (await Promise.all(texts)).map((text) => loopSchema.parse(JSON.parse(text)));
}

function megabytes({ perUnit, uncertainty }: Slope): string {
  return `${perUnit.toFixed(1)} ± ${uncertainty.toFixed(1)}`;
}
