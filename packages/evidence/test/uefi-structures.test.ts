import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { concat, le, utf8 } from '@sekisho/emulator/kit'
import { EFI_GLOBAL_VARIABLE, filePathOf, guidAt, readGpt, readVariable, switchOf } from '../src/eventlog/uefi.ts'

const GLOBAL = Uint8Array.from(Buffer.from('61dfe48bca93d211aa0d00e098032b8c', 'hex'))
const utf16 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'utf16le'))

function variable(name: string, value: Uint8Array, units = name.length, size = value.length): Uint8Array {
  return concat(GLOBAL, le(units, 8), le(size, 8), utf16(name), value)
}

describe('structures of a firmware’s event log', () => {
  it('GUIDs are three numbers and eight bytes', () => {
    assert.equal(guidAt(GLOBAL, 0), EFI_GLOBAL_VARIABLE)
    assert.equal(guidAt(concat(Uint8Array.of(9), GLOBAL), 1), EFI_GLOBAL_VARIABLE)
  })

  it('variables fill their data exactly, or are none', () => {
    const value = Uint8Array.of(1)
    assert.deepEqual(readVariable(variable('SecureBoot', value)), {
      guid: EFI_GLOBAL_VARIABLE,
      name: 'SecureBoot',
      value,
    })
    assert.equal(readVariable(variable('', new Uint8Array(0)))?.name, '')
    for (const data of [
      new Uint8Array(0),
      variable('A', value).subarray(0, 31),
      variable('A', value).subarray(0, -1),
      concat(variable('A', value), value),
      variable('A', value, 2),
      variable('A', value, 1, 2),
      concat(GLOBAL, le(0, 8), le(0, 4), le(1, 4)),
      concat(GLOBAL, le(0, 4), le(1, 4), le(0, 8)),
      concat(GLOBAL, le(0xffffffff, 8), le(0, 8)),
    ])
      assert.equal(readVariable(data), undefined, Buffer.from(data).toString('hex'))
  })

  it('a name with a NUL in it is another name, and says nothing of secure boot', () => {
    const hidden = readVariable(variable('SecureBoot\0x', Uint8Array.of(1)))
    assert.notEqual(hidden?.name, 'SecureBoot')
    assert.equal(hidden && switchOf(hidden), undefined)
  })

  it('switches are on by 1, off by 0 or when they are absent, and nothing by anything else', () => {
    const of = (name: string, value: readonly number[], guid = EFI_GLOBAL_VARIABLE) =>
      switchOf({ guid, name, value: Uint8Array.from(value) })
    for (const name of ['SecureBoot', 'AuditMode', 'DeployedMode', 'SetupMode']) {
      assert.deepEqual(of(name, [1]), { name, on: true })
      assert.deepEqual(of(name, [0]), { name, on: false })
      assert.deepEqual(of(name, []), { name, on: false })
      for (const value of [[2], [1, 0], [0, 0], [255]]) assert.equal(of(name, value), undefined)
    }
    assert.equal(of('PK', [1]), undefined)
    assert.equal(of('SecureBoot', [1], '00000000-0000-0000-0000-000000000000'), undefined)
  })

  it('partition tables have as many entries as they say', () => {
    const entry = concat(GLOBAL, GLOBAL, new Uint8Array(24), utf16('EFI'), new Uint8Array(66))
    const table = (count: number, ...entries: readonly Uint8Array[]): Uint8Array =>
      concat(new Uint8Array(56), GLOBAL, new Uint8Array(20), le(count, 8), ...entries)
    assert.deepEqual(readGpt(table(1, entry)), {
      diskGuid: EFI_GLOBAL_VARIABLE,
      partitions: [{ type: EFI_GLOBAL_VARIABLE, guid: EFI_GLOBAL_VARIABLE, name: 'EFI' }],
    })
    assert.deepEqual(readGpt(table(0))?.partitions, [])
    for (const data of [table(0, entry), table(2, entry), table(1, entry.subarray(1)), new Uint8Array(99)])
      assert.equal(readGpt(data), undefined)
  })

  it('device paths give the files in them, as far as they can be read', () => {
    const node = (type: number, sub: number, content: Uint8Array, length = content.length + 4): Uint8Array =>
      concat(Uint8Array.of(type, sub), le(length, 2), content)
    const end = node(0x7f, 0xff, new Uint8Array(0))
    const file = (path: string): Uint8Array => node(4, 4, utf16(`${path}\0`))
    assert.equal(filePathOf(concat(node(2, 1, new Uint8Array(8)), file('\\EFI\\a.efi'), end)), '\\EFI\\a.efi')
    assert.equal(filePathOf(concat(file('\\a'), file('\\b'), end, file('\\c'))), '\\a\\b')
    for (const path of [new Uint8Array(0), end, node(4, 4, utf16('x'), 3), node(4, 4, utf16('x'), 99), utf8('x')])
      assert.equal(filePathOf(path), undefined)
  })
})
