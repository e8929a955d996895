import { defineConfig } from 'vitest/config';

/** Each project is one stage of `npm test`; they never run at the same time. */
function project(name: string, timeoutMs: number) {
  return {
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      testTimeout: timeoutMs,
      hookTimeout: timeoutMs,
      maxWorkers: 2,
    },
  };
}

export default defineConfig({
  test: {
    projects: [project('unit', 5_000), project('integration', 30_000), project('e2e', 120_000)],
  },
});
