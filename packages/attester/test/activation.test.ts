import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { type Credential, type TpmAttester, TpmError, tpmAttester } from '../src/index.ts'
import { sized } from '../src/tpm/marshal.ts'
import { failure } from './failure.ts'
import { type Swtpm, startSwtpm, swtpmMissing, toolsMissing } from './swtpm.ts'

const run = promisify(execFile)
const SECRET = 'twelve bytes'

/** A credential as another verifier makes it. */
async function makeCredential(folder: string, ekPublic: Uint8Array, akName: string): Promise<Credential> {
  const path = (name: string): string => join(folder, name)
  await writeFile(path('ek.pub'), sized(ekPublic))
  await writeFile(path('secret'), SECRET)
  const args = ['-T', 'none', '-u', path('ek.pub'), '-s', path('secret'), '-n', akName, '-o', path('out')]
  await run('tpm2_makecredential', args)
  const made = await readFile(path('out'))
  assert.equal(made.toString('hex', 0, 8), 'badcc0de00000001')
  const middle = 10 + made.readUInt16BE(8)
  return {
    credentialBlob: new Uint8Array(made.subarray(8, middle)),
    encryptedSecret: new Uint8Array(made.subarray(middle)),
  }
}

describe('credential activation in a TPM', { skip: swtpmMissing }, () => {
  let swtpm: Swtpm
  before(async () => {
    swtpm = await startSwtpm()
  })
  after(async () => {
    await swtpm?.stop()
  })

  for (const type of ['rsa', 'ecc'] as const) {
    const attester = (): Promise<TpmAttester> => tpmAttester({ device: { socket: swtpm.socket }, ek: { type } })

    it(`gives the secret of tpm2_makecredential to the TPM with both keys (${type})`, {
      skip: toolsMissing,
    }, async () => {
      const machine = await attester()
      try {
        const { ekPublic } = await machine.enrolmentRequest()
        const credential = await makeCredential(swtpm.folder, ekPublic, machine.akName)
        assert.equal(Buffer.from(await machine.activate(credential)).toString(), SECRET)
      } finally {
        await machine.close()
      }
    })

    it(`gives nothing for an attestation key of another name (${type})`, { skip: toolsMissing }, async () => {
      const machine = await attester()
      try {
        const { ekPublic } = await machine.enrolmentRequest()
        const otherName = `${machine.akName.slice(0, -2)}${machine.akName.endsWith('00') ? '01' : '00'}`
        const credential = await makeCredential(swtpm.folder, ekPublic, otherName)
        const error = await failure(machine.activate(credential), TpmError)
        assert.equal(error.responseCode?.name, 'TPM_RC_INTEGRITY')
      } finally {
        await machine.close()
      }
    })
  }

  it('sends nothing to the TPM whose size is a lie', async () => {
    const machine = await tpmAttester({ device: { socket: swtpm.socket } })
    try {
      const credential = { credentialBlob: Uint8Array.of(0, 9, 1, 2), encryptedSecret: new Uint8Array(4) }
      await assert.rejects(machine.activate(credential), /credentialBlob must begin with its size/)
    } finally {
      await machine.close()
    }
  })
})
