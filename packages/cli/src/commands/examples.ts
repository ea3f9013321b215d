import { existsSync, realpathSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { Around } from '../around.ts'
import { unreadable } from '../exit.ts'
import { Paper } from '../render/paper.ts'
import { verifyCommand } from './verify.ts'

const AT = '2026-06-15T12:00:00Z'

/** Verifies an example of this project and shows what to try next. */
export async function examplesCommand(around: Around): Promise<number> {
  const folder = examplesFolder()
  const path = (...parts: readonly string[]): string => join(relative(process.cwd(), folder) || '.', ...parts)
  const common = `--trust-anchor ${path('example-root.json')} --at ${AT}`
  const shown = `sekisho verify ${path('tdx', 'quote.bin')} --collateral ${path('tdx', 'collateral.json')} --event-log ${path('tdx', 'ccel.bin')} --expect ${path('tdx', 'expect.yaml')} ${common}`
  around.out(`$ npx ${shown}\n\n`)
  const exitCode = await verifyCommand(
    path('tdx', 'quote.bin'),
    {
      collateral: [path('tdx', 'collateral.json')],
      eventLog: path('tdx', 'ccel.bin'),
      expect: path('tdx', 'expect.yaml'),
      trustAnchor: [path('example-root.json')],
      at: new Date(AT),
    },
    around,
  )
  around.out(nextSteps(path, common, around))
  return exitCode
}

function nextSteps(path: (...parts: readonly string[]) => string, common: string, around: Around): string {
  const example = (name: string, file: string, expect: string): string =>
    `npx sekisho verify ${path(name, file)} --collateral ${name === 'snp-genoa' ? path(name) : path(name, 'collateral.json')} --expect ${expect} ${common}`
  return new Paper(around)
    .heading('Try next')
    .line(2, 2, 'A platform that is out of date: rejected, and who can mend it.')
    .verbatim(4, example('tdx-out-of-date', 'quote.bin', path('tdx-out-of-date', 'expect.yaml')))
    .line(2, 2, 'Nobody says what is expected: genuine, but incomplete.')
    .verbatim(4, example('sgx', 'quote.bin', path('expect-nothing.yaml')))
    .line(2, 2, 'An AMD report with its certificates.')
    .verbatim(4, example('snp-genoa', 'report.bin', path('snp-genoa', 'expect.yaml')))
    .line(2, 2, 'What a quote says, and where two differ.')
    .verbatim(
      4,
      `npx sekisho inspect ${path('tdx', 'quote.bin')}\nnpx sekisho diff ${path('tdx', 'quote.bin')} ${path('tdx-debug', 'quote.bin')}`,
    )
    .line(2, 2, 'Your own evidence; its endorsements are fetched from Intel or AMD.')
    .verbatim(4, 'npx sekisho verify FILE\nnpx sekisho --help')
    .toString()
}

/** The examples lie beside the packages of a clone; an installed package does not have them. */
function examplesFolder(): string {
  let folder = dirname(realpathSync(process.argv[1] ?? '.'))
  for (let up = 0; up < 6; up++) {
    if (existsSync(join(folder, 'examples', 'example-root.json'))) return join(folder, 'examples')
    folder = dirname(folder)
  }
  throw unreadable('the examples are not installed: they are in the project’s repository')
}
