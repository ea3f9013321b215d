import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { readSgxExpectations } from '@sekisho/evidence/sgx'
import { readSnpExpectations } from '@sekisho/evidence/snp'
import { readTdxExpectations } from '@sekisho/evidence/tdx'
import { commandLines, helpOf } from './checkpoint/commands.ts'
import { ROOT } from './process.ts'

const read = (name: string): string => readFileSync(join(ROOT, 'docs', name), 'utf8')

/** Members that a reader of expectations knows, as its own error lists them. */
function membersOf(reader: (input: object) => unknown): readonly string[] {
  try {
    reader({ noSuchMember: true })
  } catch (error) {
    assert.ok(error instanceof TypeError)
    return error.message.split('known are ')[1]?.split(', ') ?? []
  }
  return assert.fail('a member that does not exist was accepted')
}

describe('docs/expectations.md', () => {
  const text = read('expectations.md')
  const readers = { snp: readSnpExpectations, sgx: readSgxExpectations, tdx: readTdxExpectations }
  for (const [tee, reader] of Object.entries(readers)) {
    it(`describes every member for ${tee}`, () => {
      const members = membersOf((input) => reader(input))
      assert.ok(members.length > 10)
      const missing = members.filter((member) => !text.includes(`\`${member}\``) && !/^rtmr[123]$/.test(member))
      assert.deepEqual(missing, [])
    })
  }
})

/** Sections of a document, by their headings of the second level. */
function sections(text: string): readonly string[] {
  return text.split(/^(?=## )/m)
}

describe('docs/cli.md', () => {
  const parts = sections(read('cli.md'))
  const common = parts.find((part) => part.startsWith('## Which checkpoint')) ?? ''
  const ofEveryRemote = ['--server', '--token-file', '--namespace', '--json']

  it('names the options of every command that talks to a checkpoint', () => {
    for (const option of ofEveryRemote) assert.ok(common.includes(`\`${option}`), option)
  })

  for (const command of commandLines()) {
    it(`describes every option of ${command.join(' ')}`, async () => {
      const name = `sekisho ${command.join(' ')}`
      const section = parts.filter((part) => new RegExp(`${name}(?![a-z-])`).test(part)).join('\n')
      assert.notEqual(section, '', `no section shows \`${name}\``)
      const { out } = await helpOf(command)
      const options = [...out.matchAll(/^ {2}(?:(-[a-zA-Z]), )?(--[a-z0-9-]+)/gm)]
      assert.ok(options.length > 0)
      const isRemote = out.includes('--token-file')
      const missing = options
        .filter(([, short, long = '']) => !section.includes(long) && !(short !== undefined && section.includes(short)))
        .map(([, , long = '']) => long)
        .filter((long) => long !== '--help' && !/^--rtmr[12]$/.test(long))
        .filter((long) => !(isRemote && ofEveryRemote.includes(long)))
      assert.deepEqual(missing, [])
    })
  }

  it('shows no command that there is none of', () => {
    const known = commandLines().map((command) => command.join(' '))
    const shown = [...parts.join('').matchAll(/^ {4}(?:.*\| )?sekisho (.+)$/gm)].map(([, words = '']) => words)
    assert.ok(shown.length > known.length)
    const unknown = shown.filter((words) => !known.some((one) => words === one || words.startsWith(`${one} `)))
    assert.deepEqual(unknown, [])
  })
})
