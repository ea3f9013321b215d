import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { checkArrows } from '../src/arrows/check.ts'
import { ROOT } from '../src/files.ts'

type Tree = Readonly<Record<string, string>>

const SOUND: Tree = {
  'packages/evidence/package.json': manifest('@sekisho/evidence', {
    imports: {
      '#crypto': {
        types: './dist/src/crypto/node.d.ts',
        bun: 'w',
        deno: 'w',
        workerd: 'w',
        browser: 'w',
        node: './dist/src/crypto/node.js',
        default: 'w',
      },
    },
  }),
  'packages/evidence/src/index.ts': "export * from './snp/index.ts'\nexport * from './sgx/index.ts'\n",
  'packages/evidence/src/core/der.ts': 'export const at = (when: number): Date => new Date(when)\n',
  'packages/evidence/src/crypto/node.ts': "import { createHash } from 'node:crypto'\nexport const hash = createHash\n",
  'packages/evidence/src/snp/index.ts':
    "import { at } from '../core/der.ts'\nimport { hash } from '#crypto'\nexport const snp = [at, hash, Date.UTC(2026, 0), Math.max(1, 2)]\n",
  'packages/evidence/src/sgx/index.ts': "import type { snp } from './claims.ts'\nexport type Sgx = typeof snp\n",
  'packages/evidence/src/sgx/module.ts': `export type Reader = (module: string) => void
export function tdx({ module, process: document }: { module: string; process: number }, [fetch = 1]: number[]): unknown {
  for (const performance of [module, document, fetch]) {
    const exports = { performance }
    try { return (global: unknown) => [exports, global] } catch (console) { return console }
  }
}
`,
  'packages/evidence/src/sgx/claims.ts': 'export const snp = { fetch: 1, process: 2, console: 3 }\n',
  'packages/evidence/test/a.test.ts':
    "import test from 'node:test'\nimport '@sekisho/emulator/kit'\nimport '@sekisho/evidence'\nimport '../src/index.ts'\nvoid test\n",
  'packages/collateral/package.json': manifest('@sekisho/collateral', {
    dependencies: { '@sekisho/evidence': '0.1.0' },
  }),
  'packages/collateral/src/index.ts':
    "import { readFileSync } from 'node:fs'\nimport '@sekisho/evidence'\nexport const read = readFileSync\n",
  'packages/emulator/package.json': manifest('@sekisho/emulator', {
    devDependencies: { '@sekisho/collateral': '0.1.0' },
  }),
  'packages/emulator/src/index.ts': 'export const world = 1\n',
  'packages/emulator/test/a.test.ts': "import '@sekisho/collateral'\n",
}

/** Each name says the rule that the changed files break; the second text must be in the message. */
const BREACHES: readonly (readonly [name: string, rule: string, says: string, changes: Tree])[] = [
  [
    'a package that no table names',
    'unknown-package',
    'packages/extra',
    { 'packages/extra/package.json': manifest('@sekisho/extra', {}) },
  ],
  [
    'an arrow upwards in package.json',
    'arrow',
    'must not depend on @sekisho/collateral',
    {
      'packages/evidence/package.json': manifest('@sekisho/evidence', {
        dependencies: { '@sekisho/collateral': '0.1.0' },
      }),
    },
  ],
  [
    'an arrow upwards for tests only',
    'arrow',
    'not even in tests',
    {
      'packages/evidence/package.json': manifest('@sekisho/evidence', {
        devDependencies: { '@sekisho/collateral': '0.1.0' },
      }),
    },
  ],
  [
    'a dependency of evidence',
    'no-dependencies',
    'pvutils',
    {
      'packages/evidence/package.json': manifest('@sekisho/evidence', { dependencies: { pvutils: '1.0.0' } }),
    },
  ],
  [
    'an import upwards',
    'arrow',
    'must not import @sekisho/collateral',
    { 'packages/evidence/src/core/x.ts': "import '@sekisho/collateral'\n" },
  ],
  [
    'an import upwards of a type',
    'arrow',
    'must not import @sekisho/collateral',
    {
      'packages/evidence/src/core/x.ts': "export type X = import('@sekisho/collateral').X\n",
    },
  ],
  [
    'a re-export upwards',
    'arrow',
    'must not import @sekisho/collateral',
    { 'packages/evidence/src/core/x.ts': "export * from '@sekisho/collateral'\n" },
  ],
  [
    'an import upwards in a test',
    'arrow',
    'must not import @sekisho/collateral',
    { 'packages/evidence/test/b.test.ts': "await import('@sekisho/collateral')\n" },
  ],
  [
    'what tests alone may import, in sources',
    'arrow',
    'must not import @sekisho/collateral',
    { 'packages/emulator/src/x.ts': "import '@sekisho/collateral'\n" },
  ],
  ['an undeclared dependency', 'arrow', 'does not name', { 'packages/collateral/src/x.ts': "import 'undici'\n" }],
  [
    'the test kit in sources',
    'arrow',
    'test kit',
    { 'packages/collateral/src/x.ts': "import '@sekisho/emulator/kit'\n" },
  ],
  ['tests in sources', 'arrow', 'must not import tests', { 'packages/collateral/src/x.ts': "import '../test/x.ts'\n" }],
  [
    'a path out of the package',
    'arrow',
    'leaves its package',
    { 'packages/collateral/src/x.ts': "import '../../evidence/src/index.ts'\n" },
  ],
  [
    'a package importing itself by name',
    'arrow',
    'its own package',
    { 'packages/evidence/src/core/x.ts': "import '@sekisho/evidence'\n" },
  ],
  [
    'import() of an expression',
    'arrow',
    'no checker',
    { 'packages/collateral/src/x.ts': 'export const load = (x: string): unknown => import(x)\n' },
  ],
  [
    'the server end of channel',
    'arrow',
    'only src/server/',
    {
      'packages/channel/package.json': manifest('@sekisho/channel', { dependencies: { '@sekisho/attester': '0.1.0' } }),
      'packages/channel/src/client/x.ts': "import '@sekisho/attester'\n",
      'packages/attester/package.json': manifest('@sekisho/attester', {}),
    },
  ],
  [
    'a cycle of two files',
    'cycle',
    'core/a.ts -> packages/evidence/src/core/b.ts',
    {
      'packages/evidence/src/core/a.ts': "import './b.ts'\n",
      'packages/evidence/src/core/b.ts': "import './a.ts'\n",
    },
  ],
  [
    'a cycle of types',
    'cycle',
    'import cycle',
    {
      'packages/collateral/src/a.ts': "import type { B } from './b.ts'\nexport type A = B\n",
      'packages/collateral/src/b.ts': "export type { A } from './a.ts'\nexport type B = 1\n",
    },
  ],
  ['a Node module in evidence', 'node-module', 'node:fs', { 'packages/evidence/src/core/x.ts': "import 'node:fs'\n" }],
  [
    'a Node module without its prefix',
    'node-module',
    'imports fs',
    { 'packages/evidence/src/core/x.ts': "import 'fs'\n" },
  ],
  [
    'a Node module in another isomorphic package',
    'node-module',
    'node:fs',
    {
      'packages/appraisal/package.json': manifest('@sekisho/appraisal', {}),
      'packages/appraisal/src/index.ts': "import 'node:fs'\n",
    },
  ],
  [
    'the Node crypto by path',
    'node-module',
    '#crypto',
    { 'packages/evidence/src/core/x.ts': "import '../crypto/node.ts'\n" },
  ],
  [
    'the Node crypto for browsers',
    'node-module',
    'condition "default"',
    {
      'packages/evidence/package.json': manifest('@sekisho/evidence', {
        imports: { '#crypto': { default: './dist/src/crypto/node.js' } },
      }),
    },
  ],
  [
    'the condition node before browser',
    'node-module',
    'must name "browser" before',
    {
      'packages/evidence/package.json': manifest('@sekisho/evidence', {
        imports: {
          '#crypto': {
            bun: 'w',
            deno: 'w',
            workerd: 'w',
            node: './dist/src/crypto/node.js',
            browser: 'w',
            default: 'w',
          },
        },
      }),
    },
  ],
  ...['Buffer.from([1])', 'process.env', 'require("x")', 'globalThis.process'].map(
    (code) =>
      [
        `the Node global in ${code}`,
        'node-global',
        code.includes('process') ? 'process' : code.slice(0, 6),
        { 'packages/evidence/src/core/x.ts': `export const x: unknown = ${code}\n` },
      ] as const,
  ),
  [
    'a Node global as a type',
    'node-global',
    'Buffer',
    { 'packages/evidence/src/core/x.ts': 'export type X = Buffer\n' },
  ],
  ...[
    ['Date.now()', 'Date.now'],
    ['Date["now"]()', 'Date.now'],
    ['new Date()', 'new Date()'],
    ['Date', 'Date'],
    ['Math.random()', 'Math.random'],
    ['fetch("x")', 'fetch'],
    ['globalThis.fetch', 'fetch'],
    ['{ fetch }', 'fetch'],
    ['console.log(1)', 'console'],
    ['new Function("x")', 'Function'],
    ['globalThis["fe" + "tch"]', 'computed'],
  ].map(
    ([code, says]) =>
      [
        `evidence using ${code}`,
        'purity',
        `uses ${says === 'computed' ? 'a computed' : says}`,
        { 'packages/evidence/src/core/x.ts': `export const x: unknown = ${code}\n` },
      ] as const,
  ),
  [
    'evidence using a global beside a variable of the same name',
    'purity',
    'uses fetch',
    {
      'packages/evidence/src/core/x.ts':
        'export function own(fetch: number): number {\n  return fetch\n}\nexport const x: unknown = fetch\n',
    },
  ],
  [
    'one TEE importing another',
    'tee',
    'src/sgx imports src/snp',
    { 'packages/evidence/src/sgx/x.ts': "import '../snp/index.ts'\n" },
  ],
  [
    'one TEE importing a type of another',
    'tee',
    'src/sgx imports src/snp',
    {
      'packages/evidence/src/sgx/x.ts': "import type { snp } from '../snp/index.ts'\nexport type X = typeof snp\n",
    },
  ],
  [
    'a shared folder importing a TEE',
    'tee',
    'src/core is shared',
    { 'packages/evidence/src/core/x.ts': "import '../snp/index.ts'\n" },
  ],
  [
    'a TEE importing the root of the package',
    'tee',
    'pulls in every TEE',
    {
      'packages/evidence/src/all.ts': 'export const all = 1\n',
      'packages/evidence/src/sgx/x.ts': "import '../all.ts'\n",
    },
  ],
  [
    'a TEE importing a folder that stands above all TEEs',
    'tee',
    'src/sgx imports src/recognise',
    {
      'packages/evidence/src/recognise/index.ts': "export * from '../snp/index.ts'\n",
      'packages/evidence/src/sgx/x.ts': "import '../recognise/index.ts'\n",
    },
  ],
  [
    'a folder of evidence that no table names',
    'tee',
    'src/misc is neither',
    { 'packages/evidence/src/misc/x.ts': 'export const x = 1\n' },
  ],
]

describe('check-arrows', () => {
  it('finds nothing in a sound tree', () => {
    assert.deepEqual(violationsOf(SOUND), [])
  })

  for (const [name, rule, says, changes] of BREACHES) {
    it(`reports ${name}`, () => {
      const found = violationsOf({ ...SOUND, ...changes })
      assert.ok(
        found.some((each) => each.rule === rule && each.message.includes(says)),
        `no violation of ${rule} saying "${says}" in ${JSON.stringify(found)}`,
      )
      assert.deepEqual([...new Set(found.map((each) => each.rule))], [rule], 'breaks one rule only')
    })
  }

  it('refuses to pass a file that does not parse', () => {
    assert.throws(() => violationsOf({ ...SOUND, 'packages/evidence/src/core/x.ts': 'const const' }), /does not parse/)
  })

  it('refuses to pass an empty tree', () => {
    assert.throws(() => violationsOf({ 'package.json': '{}' }), /no package/)
  })

  it('finds nothing in this workspace', () => {
    assert.deepEqual(checkArrows(ROOT).violations, [])
  })
})

function violationsOf(tree: Tree): { rule: string; message: string }[] {
  const root = mkdtempSync(join(tmpdir(), 'sekisho-arrows-'))
  try {
    for (const [path, text] of Object.entries(tree)) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    }
    return checkArrows(root).violations.map(({ rule, message }) => ({ rule, message }))
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

function manifest(name: string, members: object): string {
  return JSON.stringify({ name, version: '0.1.0', ...members })
}
