import assert from 'node:assert/strict'
import { sign } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { generateKey } from '@sekisho/emulator/kit'
import type { Verdict } from '@sekisho/evidence'
import { scratch } from './process.ts'
import { runWithin } from './run.ts'

const VECTORS =
  process.env['SEKISHO_VECTORS'] ?? fileURLToPath(new URL('../../../../../shared/vectors', import.meta.url))
const TOKEN = join(VECTORS, 'arm-cca/services-good/token.cbor')
const skip = existsSync(TOKEN) ? false : `needs the vectors of arm-cca in ${VECTORS} (SEKISHO_VECTORS)`

// Tag 501 around a CoRIM without tags that say anything: whose it is, is what is asked here.
const CORIM = Buffer.from('d901f5a20065636f72696d0181d901f941a0', 'hex')
const HEADER = Buffer.concat([Buffer.from('a201260374', 'hex'), Buffer.from('application/rim+cbor')])
const folder = scratch()
const key = generateKey('P-256')

function item(major: number, content: Uint8Array): Buffer {
  return Buffer.concat([
    Buffer.from(content.length < 24 ? [major | content.length] : [major | 24, content.length]),
    content,
  ])
}

function save(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

function signed(): Uint8Array {
  const input = [Buffer.from('846a', 'hex'), Buffer.from('Signature1'), item(0x40, HEADER), Buffer.from([0x40])]
  const signature = sign('sha256', Buffer.concat([...input, item(0x40, CORIM)]), {
    key: key.privateKey,
    dsaEncoding: 'ieee-p1363',
  })
  return Buffer.concat([
    Buffer.from('d284', 'hex'),
    item(0x40, HEADER),
    Buffer.from([0xa0]),
    item(0x40, CORIM),
    item(0x40, signature),
  ])
}

async function endorsed(...files: readonly string[]): Promise<{ readonly outcome: string; readonly reason: string }> {
  const ran = await runWithin(['verify', TOKEN, '--json', ...files.flatMap((file) => ['--collateral', file])])
  assert.equal(ran.err, '')
  const verdict: Verdict = JSON.parse(ran.out)
  const all = verdict.checks.flatMap(({ checks }) => checks)
  return all.find(({ id }) => id === 'cca.endorsements.well-formed') ?? assert.fail()
}

describe('a signed CoRIM as collateral', { skip }, () => {
  const corim = save('corim-signed.cbor', signed())
  const jwks = (name: string, one: typeof key): string =>
    save(name, JSON.stringify({ keys: [one.publicKey.export({ format: 'jwk' })] }))

  it('counts with the key of its signer, and is refused with another and with none', async () => {
    assert.equal((await endorsed(corim, jwks('signer.jwks', key))).outcome, 'pass')
    const other = await endorsed(corim, jwks('other.jwks', generateKey('P-256')))
    assert.equal(other.outcome, 'fail')
    assert.match(other.reason, /none of the given keys/)
    const none = await endorsed(corim)
    assert.equal(none.outcome, 'fail')
    assert.match(none.reason, /a signed CoRIM/)
  })

  it('an unsigned one is the word of whoever gives it', async () => {
    assert.equal((await endorsed(save('corim.cbor', CORIM))).outcome, 'pass')
  })
})
