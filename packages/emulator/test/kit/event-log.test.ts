import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { EVENT, makeEventLog, makeTdx, toHex } from '../../src/kit/index.ts'

/** Reads a log back and replays it, independently of the writer. */
function replayed(log: Uint8Array): readonly string[] {
  const bytes = Buffer.from(log)
  const registers = [0, 1, 2, 3].map(() => Buffer.alloc(48))
  let at = 32 + bytes.readUInt32LE(28)
  while (at < bytes.length && bytes.readUInt32LE(at) !== 0xffffffff) {
    const index = bytes.readUInt32LE(at)
    assert.equal(bytes.readUInt32LE(at + 8), 1)
    assert.equal(bytes.readUInt16LE(at + 12), 0x000c)
    const digest = bytes.subarray(at + 14, at + 62)
    const register = registers[index - 1]
    assert.ok(register !== undefined)
    registers[index - 1] = createHash('sha384').update(register).update(digest).digest()
    at += 66 + bytes.readUInt32LE(at + 62)
  }
  return registers.map((register) => register.toString('hex'))
}

describe('event logs', () => {
  it('replay to the registers that the kit says', () => {
    const log = makeEventLog()
    assert.deepEqual(replayed(log.bytes), log.registers)
    assert.equal(log.registers[3], '00'.repeat(48))
  })
  it('replay to the registers of the quote made with them', () => {
    const { evidence, eventLog } = makeTdx({ eventLog: { commandLine: 'quiet' } })
    const registers = [0, 1, 2, 3].map((i) => toHex(evidence.subarray(48 + 328 + 48 * i, 48 + 376 + 48 * i)))
    assert.deepEqual(replayed(eventLog), registers)
  })
  it('have one separator for each of RTMR0 and RTMR1', () => {
    const separators = makeEventLog().events.filter((event) => event.type === EVENT.separator)
    assert.deepEqual(
      separators.map((event) => event.index),
      [1, 2],
    )
  })
  it('begin with the Spec ID entry', () => {
    assert.equal(Buffer.from(makeEventLog().bytes.subarray(32, 47)).toString(), 'Spec ID Event03')
  })
})
