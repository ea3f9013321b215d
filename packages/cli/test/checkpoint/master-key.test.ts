import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, it } from 'node:test'
import { type Around, processAround } from '../../src/around.ts'
import { formerMasterKeys, masterKeyOf, nextMasterKey } from '../../src/checkpoint/master-key.ts'
import { CliError, EXIT } from '../../src/exit.ts'
import { scratch } from '../process.ts'

const folder = scratch()
const KEY = Buffer.alloc(32, 0xa5).toString('base64')

function around(variable?: string): Around & { readonly told: string[] } {
  const told: string[] = []
  const env = variable === undefined ? {} : { SEKISHO_MASTER_KEY: variable }
  return { ...processAround(), env, err: (text) => void told.push(text), told }
}

function refused(exitCode: number, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof CliError, String(error))
    assert.equal(error.exitCode, exitCode)
    assert.match(error.message, message)
    return true
  }
}

describe('the master key of a checkpoint', () => {
  it('is made once beside the database, for its owner alone, and it is said where', async () => {
    const [data, here] = [join(folder, 'new', 'data'), around()]
    const [one, other] = await Promise.all([masterKeyOf({}, data, here), masterKeyOf({}, data, here)])
    assert.equal(one.id, other.id)
    assert.equal(statSync(join(data, 'master.key')).mode & 0o777, 0o600)
    assert.equal(statSync(data).mode & 0o777, 0o700)
    const text = readFileSync(join(data, 'master.key'), 'utf8')
    assert.match(text, /^[A-Za-z0-9+/]{43}=\n$/)
    assert.ok(here.told.every((line) => line.includes(join(data, 'master.key')) && !line.includes(text.trim())))
    assert.equal((await masterKeyOf({}, data, around())).id, one.id)
  })

  it('is one that was given, and none is made then', async () => {
    const file = join(folder, 'given.key')
    writeFileSync(file, KEY, { mode: 0o600 })
    const given = await masterKeyOf({ masterKeyFile: file, production: true }, join(folder, 'unused'), around())
    const said = await masterKeyOf({ production: true }, join(folder, 'unused'), around(KEY))
    assert.deepEqual([given.id, given.kind, said.kind], [said.id, 'file', 'environment'])
    assert.throws(() => statSync(join(folder, 'unused')), { code: 'ENOENT' })
    for (const [options, variable] of [
      [{ masterKeyFile: file, pkcs11: 'x' }, undefined],
      [{ masterKeyFile: file }, KEY],
      [{ pkcs11: 'x' }, KEY],
    ] as const)
      await assert.rejects(
        masterKeyOf(options, folder, around(variable)),
        refused(EXIT.usage, /give one of --master-key-file, --pkcs11 and SEKISHO_MASTER_KEY, not several/),
      )
    await assert.rejects(
      masterKeyOf({ production: true }, folder, around('')),
      refused(EXIT.usage, /--production needs a master key of its own/),
    )
  })

  it('is not in the data folder of a production checkpoint, whatever path leads there', async () => {
    const data = join(folder, 'production')
    mkdirSync(join(data, 'keys'), { recursive: true })
    writeFileSync(join(folder, 'beside.key'), KEY, { mode: 0o600 })
    for (const name of ['master.key', join('keys', '..key')]) writeFileSync(join(data, name), KEY, { mode: 0o600 })
    symlinkSync(data, join(folder, 'link'))
    symlinkSync(join(data, 'master.key'), join(folder, 'link.key'))
    symlinkSync(join(folder, 'beside.key'), join(data, 'elsewhere.key'))
    for (const [masterKeyFile, at] of [
      [join(data, 'master.key'), data],
      [relative(process.cwd(), join(data, 'master.key')), data],
      [join(data, 'keys', '..key'), data],
      [join(folder, 'link', 'master.key'), data],
      [join(folder, 'link.key'), data],
      [join(data, 'master.key'), join(folder, 'link')],
    ] as const) {
      await assert.rejects(
        masterKeyOf({ masterKeyFile, production: true }, at, around()),
        refused(EXIT.usage, /--production refuses --master-key-file .*whoever copies that has both/),
        masterKeyFile,
      )
      assert.equal((await masterKeyOf({ masterKeyFile }, at, around())).kind, 'file')
    }
    for (const file of [join(folder, 'beside.key'), join(data, 'elsewhere.key')])
      assert.equal((await masterKeyOf({ masterKeyFile: file, production: true }, data, around())).kind, 'file')
  })

  it('and whatever else opens the database is not in the data folder of a production checkpoint either', async () => {
    const data = join(folder, 'apart')
    mkdirSync(data)
    const inside = join(data, 'old.key')
    const outside = join(folder, 'old.key')
    for (const file of [inside, outside, join(data, 'link.key.next')]) writeFileSync(file, KEY, { mode: 0o600 })
    symlinkSync(outside, join(data, 'link.key'))
    const described = (pinFile: string): string => {
      const file = join(folder, 'token.json')
      writeFileSync(file, JSON.stringify({ module: '/none.so', token: 't', pinFile, label: 'l' }))
      return file
    }
    const apart = (what: string): ((error: unknown) => boolean) =>
      refused(
        EXIT.usage,
        new RegExp(`--production refuses ${what} .*it is in .*apart, and whoever copies that has both`),
      )
    const production = true
    await assert.rejects(
      formerMasterKeys({ formerMasterKeyFile: [outside, inside], production }, data),
      apart('--former-master-key-file'),
    )
    const linked = { masterKeyFile: join(data, 'link.key'), production } as const
    assert.equal((await masterKeyOf(linked, data, around())).kind, 'file')
    await assert.rejects(nextMasterKey(linked, data, around()), apart('the next master key'))
    const token = described(inside)
    await assert.rejects(masterKeyOf({ pkcs11: token, production }, data, around()), apart('pinFile'))
    await assert.rejects(formerMasterKeys({ formerPkcs11: [token], production }, data), apart('pinFile'))

    const former = await formerMasterKeys({ formerMasterKeyFile: [inside] }, data)
    const elsewhere = await formerMasterKeys({ formerMasterKeyFile: [outside], production }, data)
    const next = await nextMasterKey({ masterKeyFile: linked.masterKeyFile }, data, around())
    assert.deepEqual(
      [...former, ...elsewhere, next].map((key) => key?.kind),
      ['file', 'file', 'file'],
    )
    const opened = masterKeyOf({ pkcs11: described(outside), production }, data, around())
    await assert.rejects(opened, (error) => !(error instanceof CliError) && /none\.so/.test(String(error)))
  })

  it('cannot be made where the folder is a file, which is said in words', async () => {
    const file = join(folder, 'a-file')
    writeFileSync(file, '')
    for (const data of [file, join(file, 'below')])
      await assert.rejects(masterKeyOf({}, data, around()), refused(EXIT.unreadable, /a-file.*: cannot be written: /))
  })

  it('in a token is described by JSON that names all of it', async () => {
    const whole = { module: '/none.so', token: 't', pinFile: '/none', label: 'l' }
    const told = async (content: string): Promise<void> => {
      const file = join(folder, 'pkcs11.json')
      writeFileSync(file, content)
      await assert.rejects(
        masterKeyOf({ pkcs11: file }, folder, around()),
        refused(EXIT.unreadable, /expected JSON \{ "module", "token", "pinFile", "label" \}/),
      )
    }
    for (const content of ['', 'null', '[]', '{', JSON.stringify({ ...whole, create: 'yes' })]) await told(content)
    for (const name of Object.keys(whole)) await told(JSON.stringify({ ...whole, [name]: 7 }))
    await assert.rejects(masterKeyOf({ pkcs11: join(folder, 'none') }, folder, around()), refused(3, /no such file/))
  })
})
