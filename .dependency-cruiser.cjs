/** The arrows of the house (see README): who may import whom. Checked by `npm run lint`. */
const room = (name) => `^src/engine/${name}/`;
const only = (from, allowed, comment) => ({
  name: `${from}-imports`,
  comment,
  severity: 'error',
  from: { path: room(from), pathNot: '\\.test\\.ts$|/test(kit|data)|test-helper' },
  to: { path: '^src/', pathNot: [from, ...allowed].map(room) },
});

module.exports = {
  forbidden: [
    only('core', [], 'core imports nothing of ours'),
    only('wire', [], 'wire imports nothing of ours'),
    only('net', ['core', 'wire'], 'one network stack knows no machine'),
    only('host', ['core', 'net', 'wire'], 'a machine knows no programs'),
    only('shell', ['core', 'host', 'programs/lib'], 'the shell knows the machine and the shared tool library'),
    only('programs', ['core', 'host', 'net', 'wire', 'shell'], 'programs know no Docker and no Kubernetes'),
    {
      name: 'engine-is-pure',
      comment: 'the engine runs in a worker: no Node built-ins, nothing of the site',
      severity: 'error',
      from: { path: '^src/engine/', pathNot: '\\.test\\.ts$|/testkit|test-helper' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'engine-knows-no-lab',
      severity: 'error',
      from: { path: '^src/engine/' },
      to: { path: '^src/(lab|components|theme|pages|hooks|plugin)/' },
    },
    {
      name: 'lab-knows-no-site',
      severity: 'error',
      from: { path: '^src/lab/' },
      to: { path: '^src/(components|theme|pages|hooks|plugin)/' },
    },
    {
      name: 'site-reaches-the-engine-through-the-lab',
      severity: 'error',
      from: { path: '^src/(components|theme|pages|hooks)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/engine/' },
    },
    { name: 'no-circles-between-rooms', severity: 'error', from: { path: '^src/lab/' }, to: { circular: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.tsx', '.mjs', '.js', '.json'] },
  },
};
