import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from './files.ts'
import { unexpected, VARIANTS, type Variant } from './model/variants.ts'

const MODEL = 'release.pml'
const TIMEOUT_MS = 300_000
const missing = ['spin', 'gcc'].filter((program) => spawnSync(program, ['-v']).error !== undefined)
if (missing.length > 0) {
  console.log(`model: skipped, ${missing.join(' and ')} not installed (Debian: spin, gcc)`)
} else if (!VARIANTS.map(check).every((right) => right)) {
  process.exitCode = 1
}

/** Runs one variant in a folder of its own and prints what came out; false when it was not what must. */
function check(variant: Variant): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-model-'))
  try {
    copyFileSync(join(ROOT, 'docs', 'model', MODEL), join(folder, MODEL))
    const output = verify(variant, folder)
    const wrong = unexpected(variant, output)
    const states = /([\d.e+]+) states, stored/.exec(output)?.[1] ?? '?'
    console.log(`model: ${variant.name.padEnd(16)} ${wrong ?? 'as expected'} (${variant.shows}; ${states} states)`)
    if (wrong !== undefined) console.log(output)
    for (const step of trail(variant, folder)) console.log(`         ${step}`)
    return wrong === undefined
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function verify(variant: Variant, folder: string): string {
  const generated = run(folder, 'spin', [...definesOf(variant), '-a', MODEL])
  // The shortest attack where there must be one; else every state, each kept whole.
  const search = variant.violates === undefined ? '-DCOLLAPSE' : '-DBFS'
  const compiled = run(folder, 'gcc', ['-O2', '-w', '-DSAFETY', search, '-o', 'pan', 'pan.c'])
  return generated + compiled + run(folder, './pan', ['-m100000'])
}

/** The steps of the attack that was found, in the words of the model. */
function trail(variant: Variant, folder: string): readonly string[] {
  if (!existsSync(join(folder, `${MODEL}.trail`))) return []
  const steps = run(folder, 'spin', [...definesOf(variant), '-t', MODEL]).split('\n')
  return steps.map((step) => step.trim()).filter((step) => /^(broker|guest|adversary):/.test(step))
}

function definesOf({ defines }: Variant): readonly string[] {
  return defines.map((name) => `-D${name}`)
}

function run(cwd: string, program: string, args: readonly string[]): string {
  const { stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8', timeout: TIMEOUT_MS })
  return `${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`
}
