// Which package may import which: contracts ← core ← runtime ← server, contracts ← cli, web.
// scripts/boundaries.test.mjs proves that each rule fires.

const { Visitor } = require('@swc/core/Visitor.js')

// swc's visitor throws on `using` (@swc/core 1.16): teach it to walk the declarations like any others.
const { visitStatement } = Visitor.prototype
Visitor.prototype.visitStatement = function visitStatementOrUsing(statement) {
  if (statement.type !== 'UsingDeclaration') return visitStatement.call(this, statement)
  statement.decls = this.visitVariableDeclarators(statement.decls)
  return statement
}

const testCode = '\\.(test|fixture)\\.tsx?$|/testing/|^apps/[^/]+/tests/|^packages/testkit/|^(bench|chaos|scripts)/'
const modelLibraries = 'node_modules/(ai|@ai-sdk/[^/]+|@langchain/[^/]+)/'

/** Of a package to others; `browser.ts` is the part that pages can load. */
const publicSurface = '^(packages|apps)/[^/]+/src/(index|browser)\\.ts$'

/** Our packages other than `allowed`, as a path pattern. */
const ourPackagesExcept = (...allowed) => `^(packages|apps)/(?!(${allowed.join('|')})/)[^/]+/`

/** `folder` may import only itself and `allowed` of ours; tests may also use the testkit. */
const layer = (folder, ...allowed) => {
  const name = folder.split('/').at(-1)
  return {
    name: `${name}-imports-${allowed.length === 0 ? 'nothing-of-ours' : `only-${allowed.join('-and-')}`}`,
    comment: 'Dependencies point one way: contracts ← core ← runtime ← server; cli and web know only contracts.',
    severity: 'error',
    from: { path: `^${folder}/`, pathNot: [testCode] },
    to: { path: ourPackagesExcept(name, ...allowed), pathNot: ['^packages/testkit/'] },
  }
}

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    layer('packages/contracts'),
    layer('packages/core', 'contracts'),
    layer('packages/runtime', 'contracts', 'core'),
    layer('apps/server', 'contracts', 'core', 'runtime'),
    layer('apps/cli', 'contracts'),
    layer('apps/web', 'contracts'),
    {
      name: 'testkit-only-in-tests',
      comment: 'The testkit starts databases and fakes models; nothing that ships may reach it.',
      severity: 'error',
      from: { pathNot: [testCode] },
      to: { path: '^packages/testkit/' },
    },
    {
      name: 'fixtures-only-in-tests',
      comment: 'A fixture is test code, which may reach the testkit; nothing that ships may reach a fixture.',
      severity: 'error',
      from: { pathNot: [testCode] },
      to: { path: '\\.fixture\\.tsx?$' },
    },
    {
      name: 'http-without-database',
      comment: 'An HTTP surface calls verbs of core. It has no Tx and writes no SQL.',
      severity: 'error',
      from: { path: '^apps/server/src/', pathNot: [testCode] },
      to: { path: ['^packages/core/src/db/', 'node_modules/(pg|kysely|@electric-sql/pglite)/'] },
    },
    {
      name: 'no-deep-import',
      comment:
        "Another package's src/index.ts (and browser.ts, for pages) is its whole public surface; a private file may move at any time.",
      severity: 'error',
      from: { path: '^(packages|apps)/([^/]+)/' },
      to: { path: '^(packages|apps)/[^/]+/', pathNot: ['^$1/$2/', publicSurface] },
    },
    {
      name: 'no-deep-import-from-outside',
      comment: 'As no-deep-import, for the code outside the packages.',
      severity: 'error',
      from: { path: '^(bench|chaos|scripts)/' },
      to: { path: '^(packages|apps)/[^/]+/', pathNot: [publicSurface] },
    },
    {
      name: 'model-libraries-only-in-runtime',
      comment: 'They are large and change often; packages/runtime is the one place that follows them.',
      severity: 'error',
      from: { pathNot: '^packages/runtime/|/node_modules/|^node_modules/' },
      to: { path: modelLibraries },
    },
    {
      name: 'no-circular',
      comment: 'Modules that import each other are one module; move the shared part out.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'not-to-dev-dep',
      comment:
        'Production installs have no dev dependencies: move the package to dependencies, or the import to a test.',
      severity: 'error',
      from: { path: '^(packages|apps)/[^/]+/(src|bin)/', pathNot: [testCode] },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: 'node_modules/@types/' },
    },
    {
      name: 'not-to-undeclared',
      comment: "A library has to be in the importing package's own package.json; test tools are in the root's.",
      severity: 'error',
      from: { path: '^(packages|apps)/', pathNot: [testCode] },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|\\.next)/' },
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.json'],
    },
  },
}
