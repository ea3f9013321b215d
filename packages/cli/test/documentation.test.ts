import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { readSgxExpectations } from '@sekisho/evidence/sgx'
import { readSnpExpectations } from '@sekisho/evidence/snp'
import { readTdxExpectations } from '@sekisho/evidence/tdx'
import { ROOT, sekisho } from './process.ts'

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

describe('docs/cli.md', () => {
  const text = read('cli.md')
  for (const command of [
    ['verify'],
    ['inspect'],
    ['diff'],
    ['conformance'],
    ['collateral', 'fetch'],
    ['collateral', 'pack'],
    ['collateral', 'show'],
  ]) {
    it(`describes every option of ${command.join(' ')}`, () => {
      const options = sekisho([...command, '--help']).out.match(/--[a-z0-9-]+/g) ?? []
      const missing = [...new Set(options)].filter(
        (option) =>
          option !== '--help' &&
          !/^--rtmr[12]$/.test(option) &&
          !text.includes(option) &&
          !(option === '--output' && text.includes('-o ')),
      )
      assert.deepEqual(missing, [])
    })
  }
})
