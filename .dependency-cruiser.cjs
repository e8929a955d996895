/**
 * Who may import whom. Imports point down only:
 *
 *   cli, local -> ingest, outbox, callback, dashboard -> producer | worker -> worker/decide -> shared
 *
 * `npm run check` runs it through scripts/folder-rule.mjs.
 */

/** Files of a package, resolved or (with node_modules missing) just named. */
const pkg = (...names) => `(^|node_modules/)(${names.join('|')})(/|$)`;

/** `from` may not import `to`. */
const never = (name, comment, from, to, toNot) => ({
  name,
  comment,
  severity: 'error',
  from: typeof from === 'string' ? { path: from } : from,
  to: { path: to, ...(toNot && { pathNot: toNot }) },
});

/** A vendor package stays in the folders named. */
const vendor = (names, where) =>
  never(
    `${names[0].replace('/', '-')}-has-its-place`,
    `Only ${where.join(', ')} may import ${names.join(', ')}.`,
    { path: '^src/', pathNot: where.map((folder) => `^${folder}`) },
    pkg(...names),
  );

module.exports = {
  forbidden: [
    never('shared-is-the-leaf', 'shared imports nothing else of src.', '^src/shared/', '^src/', [
      '^src/shared/',
    ]),
    never('producer-not-worker', 'They meet in shared and in Redis.', '^src/producer/', '^src/', [
      '^src/(producer|shared)/',
    ]),
    never('worker-not-producer', 'They meet in shared and in Redis.', '^src/worker/', '^src/', [
      '^src/(worker|shared)/',
    ]),
    never(
      'edges-stay-apart',
      'An edge imports core and shared, not another edge.',
      '^src/(ingest|outbox|callback|dashboard)/',
      '^src/',
      ['^src/(producer|worker|shared)/', '^src/$1/'],
    ),
    never(
      'simulator-knows-nothing',
      'It may disagree with us only while it shares no code with us.',
      '^src/simulator/',
      '^src/',
      ['^src/simulator/'],
    ),
    never(
      'simulator-is-started-only',
      'cli and local start the simulator; nothing else of it is ours to use.',
      { path: '^src/', pathNot: '^src/simulator/' },
      '^src/simulator/(?!build\\.ts$|index\\.ts$|main\\.ts$)',
    ),
    never(
      'decide-is-pure',
      'Decisions import shared and nothing that does anything.',
      '^src/worker/decide/',
      '.',
      ['^src/(worker/decide|shared)/'],
    ),
    {
      name: 'decide-reaches-no-io',
      comment: 'Nor may what it imports from shared bring a client, a logger or a socket.',
      severity: 'error',
      from: { path: '^src/worker/decide/' },
      to: {
        path: [pkg('bullmq', 'ioredis', 'undici', 'pino'), '^(node:)?(fs|net|tls|http|https)(/|$)'],
        reachable: true,
      },
    },
    vendor(['bullmq'], ['src/shared/', 'src/producer/', 'src/worker/']),
    vendor(
      ['ioredis'],
      ['src/shared/', 'src/producer/', 'src/worker/', 'src/local/private-redis\\.ts'],
    ),
    vendor(['undici'], ['src/worker/send/', 'src/worker/token/']),
    vendor(['bottleneck'], ['src/worker/token/']),
    vendor(['@opentelemetry'], ['src/shared/tracing/']),
    vendor(['pg', 'mysql2'], ['src/outbox/']),
    vendor(['fastify', '@fastify'], ['src/ingest/', 'src/callback/', 'src/dashboard/']),
    never('src-stands-alone', 'src is what ships.', '^src/', '^(test|bench|examples|scripts)/'),
    {
      name: 'no-cycle',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'ships-with-its-packages',
      comment: 'src imports dependencies, never devDependencies or undeclared packages.',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'resolves',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
