import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, it } from 'node:test'
import { startUp, type Up } from './checkpoint/up.ts'
import { BIN, ROOT, scratch } from './process.ts'
import { cleanEnv } from './run.ts'
import { savedWorld } from './world.ts'

/** One command of a document with what it answers. */
interface Typed {
  readonly command: string
  readonly exitCode: number
  /** Lines; `…` stands for anything, alone on a line for any lines. */
  readonly answer: readonly string[]
}

/** The commands of a document's console blocks, in order. */
function commandsOf(document: string): readonly Typed[] {
  const blocks = [...document.matchAll(/^```console\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block)
  return blocks.flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((one) => {
        const [command = '', ...lines] = one.trimEnd().split('\n')
        const exit = /^\[exit code (\d+)\]$/.exec(lines.at(-1) ?? '')
        return { command, exitCode: Number(exit?.[1] ?? 0), answer: exit === null ? lines : lines.slice(0, -1) }
      }),
  )
}

const escaped = (literal: string): string => literal.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')

function patternOf(answer: readonly string[]): RegExp {
  const lines = answer.map((line) => (line === '…' ? '(?:.*\\n)*?' : `${escaped(line).replaceAll('…', '.*')}\\n`))
  return new RegExp(`^${lines.join('')}$`)
}

/**
 * Tests that type every command of a page's console blocks, in order, in a folder of their own that has the examples, and
 * compare what each answers.
 *
 * @param page name below `docs`
 * @param atLeast how many commands the page has, so that none are passed over in silence
 * @param worlds files in which an emulated world is kept already: making one takes up to half a minute
 */
export function runsAsItSays(page: string, atLeast: number, worlds: readonly string[] = []): void {
  const home = scratch()
  const tools = join(home, 'tools')
  const env = cleanEnv({ SEKISHO_PROFILE: join(home, 'profile.json') })
  const seen = new Map<string, string>()
  let up: Up | undefined
  mkdirSync(tools)
  symlinkSync(join(ROOT, 'examples'), join(home, 'examples'))
  writeFileSync(join(tools, 'npx'), `#!/bin/sh\nshift\nexec '${process.execPath}' '${BIN}' "$@"\n`, { mode: 0o755 })
  before(async () => {
    for (const world of worlds) {
      mkdirSync(dirname(join(home, world)), { recursive: true, mode: 0o700 })
      writeFileSync(join(home, world), await savedWorld(), { mode: 0o600 })
    }
  })
  after(() => up?.stop())

  /** Ids and times are given as a reader would copy them from the line above. */
  const filledIn = (command: string): string =>
    command.replace(/(\bdec_|\blse_|--at )…/g, (_, kind: string) => {
      const id = seen.get(kind)
      assert.ok(id !== undefined, `no ${kind}… was shown before`)
      return id
    })

  const typed = (command: string): Promise<{ readonly code: number; readonly output: string }> =>
    new Promise((resolve) => {
      const options = { cwd: home, env: { ...env, PATH: `${tools}:${env['PATH'] ?? ''}` }, timeout: 180_000 }
      // Both streams in one, as a terminal shows them.
      const child = execFile('sh', ['-c', `{ ${command}\n} 2>&1`], options, (error, output) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? -1), output })
      })
      child.stdin?.end()
    })

  const commands = commandsOf(readFileSync(join(ROOT, 'docs', page), 'utf8'))

  it('has commands, and each of them is one of this program or of every shell', () => {
    assert.ok(commands.length >= atLeast, `${commands.length}`)
    for (const { command } of commands) assert.match(command, /^(printf|echo|cat|mkdir -p|npx sekisho) /)
  })

  for (const [index, { command, exitCode, answer }] of commands.entries()) {
    it(`${index + 1}: ${command}`, async () => {
      if (command.startsWith('npx sekisho up ')) {
        up = await startUp(command.split(' ').slice(3), { cwd: home, env })
        assert.match(up.out(), patternOf(answer))
        return
      }
      const { code, output } = await typed(filledIn(command))
      assert.equal(code, exitCode, output)
      const shown = output === '' || output.endsWith('\n') ? output : `${output}\n`
      assert.match(shown, patternOf(answer))
      for (const [id = '', kind = ''] of shown.matchAll(/\b(dec_|lse_)[0-9a-z]{26}\b|(--at )\S+/g))
        seen.set(kind === '' ? '--at ' : kind, id)
    })
  }
}
