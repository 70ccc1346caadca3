/** Who may import whom. Folders that a row does not name are closed to it. */
const MAY_IMPORT = {
  'libs/contracts': [],
  'libs/domain': ['libs/contracts'],
  'libs/platform': [],
  'libs/media': ['libs/contracts'],
  'libs/messaging': ['libs/contracts', 'libs/platform'],
  'libs/persistence': ['libs/domain', 'libs/contracts', 'libs/platform'],
  'libs/worker-sdk': ['libs/contracts', 'libs/messaging', 'libs/platform'],
  'apps/backend': [
    'libs/contracts',
    'libs/domain',
    'libs/messaging',
    'libs/persistence',
    'libs/platform',
    'libs/media',
  ],
  'apps/worker-analyze': ['libs/contracts', 'libs/worker-sdk', 'libs/media', 'libs/platform'],
  'apps/worker-compile': ['libs/contracts', 'libs/worker-sdk', 'libs/media', 'libs/platform'],
  'apps/worker-encode': ['libs/contracts', 'libs/worker-sdk', 'libs/media', 'libs/platform'],
  'apps/worker-library': ['libs/contracts', 'libs/worker-sdk', 'libs/media', 'libs/platform'],
};

/** Packages that the core may use; everything else is a framework to it. */
const CORE_PACKAGES = '^node_modules/zod/';

const folderRule = ([folder, allowed]) => ({
  name: `imports-of-${folder.replace('/', '-')}`,
  comment: `${folder} may import ${allowed.length > 0 ? allowed.join(', ') : 'no local folder'}`,
  severity: 'error',
  from: { path: `^${folder}/` },
  to: { path: '^(libs|apps|tools|test)/', pathNot: [folder, ...allowed].map((name) => `^${name}/`) },
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...Object.entries(MAY_IMPORT).map(folderRule),
    {
      name: 'every-folder-has-a-row',
      comment: 'A new lib or app needs a row in MAY_IMPORT',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: Object.keys(MAY_IMPORT).map((name) => `^${name}/`) },
      to: {},
    },
    {
      name: 'only-the-front-door',
      comment: "A lib is imported by its package name: its manifest's exports say what is public",
      severity: 'error',
      from: { path: '^(libs|apps)/([^/]+)/' },
      to: { path: '^libs/', pathNot: ['^$1/$2/', '^libs/[^/]+/dist/((nest|plan|testing)/)?index\\.(js|d\\.ts)$'] },
    },
    {
      name: 'core-knows-no-framework',
      comment: 'contracts and domain use zod at most',
      severity: 'error',
      from: { path: '^libs/(contracts|domain)/', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypesNot: ['local'], pathNot: ['^libs/', CORE_PACKAGES] },
    },
    {
      name: 'domain-and-media-import-types-only',
      comment: 'What domain and media take of contracts is types',
      severity: 'error',
      from: { path: '^libs/(domain|media)/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^libs/contracts/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'plans-do-no-io',
      comment: 'What libs/media/src/plan imports, and what that imports, touches no file, process or network',
      severity: 'error',
      from: { path: '^libs/media/src/plan/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^(node:)?(fs|child_process|os|net|http|https|dgram|worker_threads)(/|$)', reachable: true },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^ffmpeg-static$' },
    },
    {
      name: 'no-tests-in-products',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: '\\.spec\\.ts$' },
      to: { path: '(^test/|\\.spec\\.ts$)' },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '/dist/'] },
    exclude: { path: '/dist/.*\\.map$' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['types', 'import', 'default', 'node'] },
  },
};
