#!/usr/bin/env node
// Starts the command line: the bundled program where there is a current one (it starts in half the
// time), else the compiled files. In a fresh clone nothing is compiled yet, since `npm ci` does not
// build: then this builds once, says so on stderr, and goes on.
'use strict'

const { existsSync, readFileSync, statSync } = require('node:fs')
const { dirname, join } = require('node:path')

const home = dirname(__dirname)
const workspace = dirname(dirname(home))
const bundle = join(home, 'dist', 'bundle', 'sekisho.cjs')
const checkpoint = join(home, 'dist', 'bundle', 'checkpoint.cjs')
const main = join(home, 'dist', 'src', 'main.js')

const VERIFYING = ['evidence', 'collateral', 'cli']
const SERVING = ['evidence', 'collateral', 'appraisal', 'broker', 'server']

if (isCurrent(bundle, VERIFYING)) runBundle(bundle)
else {
  if (!existsSync(main)) buildOnce()
  void import(require('node:url').pathToFileURL(main).href)
}

// In a clone the compiler's own records say whether something was compiled after the bundle was made.
function isCurrent(file, packages) {
  const made = timeOf(file)
  if (made === undefined) return false
  const records = packages.map((name) => timeOf(join(workspace, 'packages', name, 'dist', '.tsbuildinfo')))
  return records.every((time) => time === undefined || time <= made)
}

function timeOf(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs
}

// V8 takes the code cache only if it was made from this source by this version of V8 (or compiles as usual).
function runBundle(file) {
  const module = { exports: {} }
  const { Script } = require('node:vm')
  const cache = `${file}.cache`
  const source = `(function(exports,require,module,__filename,__dirname,importPackage){${readFileSync(file, 'utf8')}\n})`
  const script = new Script(source, {
    filename: file,
    ...(existsSync(cache) ? { cachedData: readFileSync(cache) } : {}),
  })
  script.runInThisContext()(module.exports, require, module, file, dirname(file), importPackage)
  return module.exports
}

let served

// What the bundle leaves out is imported when a command needs it: the checkpoint's packages from a bundle of their own,
// so that there is one of each, and all others as they are.
async function importPackage(name) {
  served ??= isCurrent(checkpoint, SERVING) && finds('libsql') ? { packages: undefined } : {}
  if (!('packages' in served) || !/^@sekisho\/(appraisal|broker|server)$/.test(name)) return import(name)
  served.packages ??= runBundle(checkpoint)
  return served.packages[name.slice('@sekisho/'.length)]
}

// What is not bundled is the packages' own. Some installers show nobody another's dependencies: then the packages are
// imported as they are.
function finds(name) {
  try {
    require.resolve(name)
    return true
  } catch {
    return false
  }
}

function buildOnce() {
  const compiler = join(workspace, 'node_modules', 'typescript', 'bin', 'tsc')
  if (!existsSync(join(home, 'tsconfig.json')) || !existsSync(compiler)) {
    process.stderr.write(
      'sekisho: the compiled files are missing; run `npm ci` and `npm run build` in the project first\n',
    )
    process.exit(70)
  }
  process.stderr.write('sekisho: first run in this clone, compiling (a few seconds) …\n')
  const { spawnSync } = require('node:child_process')
  const built = spawnSync(process.execPath, [compiler, '-b', home], { stdio: ['ignore', 2, 2] })
  if (built.status === 0 && existsSync(main)) return
  process.stderr.write('sekisho: compiling failed; see the messages above\n')
  process.exit(70)
}
