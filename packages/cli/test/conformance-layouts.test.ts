import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { cp, mkdtemp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ccaCases } from '../src/conformance/arm/cca.ts'
import { psaCases } from '../src/conformance/arm/psa.ts'
import type { CaseResult, CaseRunner, JsonValue } from '../src/conformance/case.ts'
import { nitroCases } from '../src/conformance/nitro/cases.ts'
import { nvidiaCases } from '../src/conformance/nvidia/cases.ts'
import { sevCases } from '../src/conformance/sev/cases.ts'

const VECTORS = process.env.SEKISHO_VECTORS ?? fileURLToPath(new URL('../../../../../shared/vectors', import.meta.url))
const skip = existsSync(VECTORS) ? false : `needs the vectors in ${VECTORS} (SEKISHO_VECTORS)`

type Content = Record<string, JsonValue>

let home = ''
let count = 0

/** Runs a copy of a published case with other files, or that expects other things. */
async function variant(
  runner: CaseRunner,
  name: string,
  edit: (folder: string, content: Content) => Promise<unknown>,
): Promise<CaseResult> {
  const folder = join(home, String(count++))
  await cp(join(VECTORS, name), folder, { recursive: true })
  const content: Content = JSON.parse(await readFile(join(folder, 'case.json'), 'utf8'))
  await edit(folder, content)
  await writeFile(join(folder, 'case.json'), JSON.stringify(content))
  return runner.run(folder, name, content)
}

/** As {@link variant}, of a case that names a refusal. */
function refused(
  runner: CaseRunner,
  name: string,
  reason: string,
  edit: (folder: string) => Promise<unknown>,
): Promise<CaseResult> {
  return variant(runner, name, async (folder, content) => {
    content['expect'] = { verdict: 'invalid', reason }
    await edit(folder)
  })
}

async function flip(folder: string, file: string, at: number): Promise<void> {
  const bytes = await readFile(join(folder, file))
  const place = at < 0 ? bytes.length + at : at
  bytes.writeUInt8(bytes.readUInt8(place) ^ 1, place)
  await writeFile(join(folder, file), bytes)
}

function outcomeOf({ outcome, message }: CaseResult): string {
  return `${outcome} ${message ?? ''}`.trim()
}

describe('cases whose files are others than those of the published ones', { skip }, () => {
  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'sekisho-cases-'))
  })
  after(() => rm(home, { recursive: true }))

  it('an answer of the key service under another name, damaged, and that was expected to be refused', async () => {
    const name = 'aws-nitro-kms/decryptable'
    const one = await variant(nitroCases, name, async (folder) => {
      await rm(join(folder, 'definite.der'))
      await rename(join(folder, 'indefinite.ber'), join(folder, 'ciphertext-for-recipient.ber'))
    })
    assert.equal(outcomeOf(one), 'pass')
    const cut = await refused(nitroCases, name, 'malformed', (folder) => truncate(join(folder, 'definite.der'), 200))
    assert.equal(outcomeOf(cut), 'pass')
    const padding = await refused(nitroCases, name, 'bad-padding', async (folder) => {
      await rm(join(folder, 'indefinite.ber'))
      await flip(folder, 'definite.der', -1)
    })
    assert.equal(outcomeOf(padding), 'pass')
    const unharmed = await refused(nitroCases, name, 'malformed', async () => undefined)
    assert.equal(unharmed.outcome, 'fail', 'nothing is wrong with it')
    const readable = await refused(
      nitroCases,
      'aws-nitro-kms/kms-primitive-content',
      'malformed',
      async () => undefined,
    )
    assert.equal(readable.outcome, 'fail', 'an answer that can be read is not refused')
  })

  it('reasons for refusing an image: a name of the case’s own, and a known one that is another', async () => {
    const name = 'nitro-eif/unsigned-x86_64'
    const magic = (folder: string): Promise<void> => flip(folder, 'image.eif', 0)
    assert.equal(outcomeOf(await refused(nitroCases, name, 'bad-magic', magic)), 'pass')
    assert.equal((await refused(nitroCases, name, 'signature-pcr0-mismatch', magic)).outcome, 'fail')
    const at = (time: string, reason: string): Promise<CaseResult> =>
      variant(nitroCases, 'nitro-eif/signed-p384', async (_folder, content) => {
        content['evaluateAt'] = time
        content['expect'] = { verdict: 'invalid', reason }
      })
    assert.equal(outcomeOf(await at('1999-01-01T00:00:00Z', 'certificate-not-yet-valid')), 'pass')
    assert.equal((await at('1999-01-01T00:00:00Z', 'certificate-expired')).outcome, 'fail')
    assert.equal(outcomeOf(await at('2199-01-01T00:00:00Z', 'certificate-expired')), 'pass')
  })

  it('certificates of SEV as platforms and AMD hand them out, alone and beside those of their own', async () => {
    const name = 'amd-sev/chain-milan'
    const joined = await variant(sevCases, name, async (folder) => {
      for (const place of ['ark', 'ask', 'cek', 'oca', 'pek']) await rm(join(folder, `${place}.cert`))
    })
    assert.equal(outcomeOf(joined), 'pass')
    const forged = await refused(sevCases, name, 'chain', (folder) => flip(folder, 'cert-chain.bin', 1052))
    assert.equal(outcomeOf(forged), 'pass')
    const alone = await variant(sevCases, name, async (folder, content) => {
      for (const file of await readdir(folder))
        if (!/^(?:pek\.cert|case\.json)$/.test(file)) await rm(join(folder, file))
      content['kind'] = 'certificate'
      const expect = content['expect'] as Content
      content['expect'] = { verdict: 'parse-only', pek: expect['pek'] ?? null }
    })
    assert.equal(outcomeOf(alone), 'pass')
    const cut = await refused(sevCases, name, 'malformed', (folder) => truncate(join(folder, 'ask-ark.bin'), 3199))
    assert.equal(outcomeOf(cut), 'pass')
  })

  it('a report of SEV that is damaged, or none', async () => {
    const name = 'amd-sev/attestation-report-synthetic'
    for (const [reason, edit] of [
      ['malformed', (folder: string) => truncate(join(folder, 'report.bin'), 207)],
      ['malformed', (folder: string) => truncate(join(folder, 'report.bin'), 48)],
      ['report-signature', (folder: string) => flip(folder, 'report.bin', 20)],
    ] as const)
      assert.equal(outcomeOf(await refused(sevCases, name, reason, edit)), 'pass', reason)
  })

  it('changes of sessions and secrets that must not be accepted', async () => {
    // A session names the certificate of its platform in the folder of another case.
    await cp(join(VECTORS, 'amd-sev/chain-milan'), join(home, 'chain-milan'), { recursive: true })
    for (const [name, of, good, bad] of [
      ['amd-sev/launch-secret', 'sixteen-bytes', { measure: '00'.repeat(32) }, { id: 'renamed' }],
      ['amd-sev/launch-session', 'all-zero', { policy: 77 }, { id: 'renamed' }],
    ] as const) {
      const negative = (change: JsonValue, verdict: string): Promise<CaseResult> =>
        variant(sevCases, name, async (_folder, content) => {
          content['negative'] = [{ id: 'changed', of, change, verdict }]
        })
      assert.equal(outcomeOf(await negative(good, 'invalid')), 'pass', name)
      assert.equal((await negative(bad, 'invalid')).outcome, 'fail', name)
    }
    const bare = await variant(sevCases, 'amd-sev/launch-secret', (folder) => rm(join(folder, 'secret-table.bin')))
    assert.equal(outcomeOf(bare), 'pass')
  })

  it('endorsements of Arm platforms under other names, and keys as a list', async () => {
    const one = await variant(ccaCases, 'arm-cca/services-good', async (folder) => {
      await rm(join(folder, 'platform-key.jwk.json'))
      await rename(join(folder, 'corim-platform.cbor'), join(folder, 'corim.cbor'))
    })
    assert.equal(outcomeOf(one), 'pass')
    const listed = await variant(psaCases, 'arm-psa/tf-m-profile-2', async (folder, content) => {
      await rename(join(folder, 'token.cbor'), join(folder, 'evidence.cbor'))
      const key: JsonValue = JSON.parse(await readFile(join(folder, 'key.jwk.json'), 'utf8'))
      await rm(join(folder, 'key.jwk.json'))
      await writeFile(join(folder, 'ta-store.json'), JSON.stringify([{ pkey: key }]))
      const expect = content['expect'] as { readonly fields: { readonly [name: string]: JsonValue } }
      content['expect'] = { ...expect, fields: { ...expect.fields, lifecycleState: 'secured', coseAlg: 'ES256' } }
    })
    assert.equal(outcomeOf(listed), 'pass')
  })

  it('claims sets that are refused for a reason with a name of the case’s own, and of a kind that nothing reads', async () => {
    const name = 'arm-cca-claims/claims-sets'
    const row = (change: Content): Promise<CaseResult> =>
      variant(ccaCases, name, async (folder) => {
        const path = join(folder, 'index.json')
        const rows: readonly Content[] = JSON.parse(await readFile(path, 'utf8'))
        const edited = rows.map((one) => (one['verdict'] === 'invalid' ? { ...one, ...change } : one))
        await writeFile(path, JSON.stringify(edited))
      })
    assert.equal(outcomeOf(await row({})), 'pass')
    assert.equal(outcomeOf(await row({ reason: 'refused-by-the-reader' })), 'pass')
    assert.equal((await row({ reason: 'truncated' })).outcome, 'fail')
    assert.equal((await row({ verdict: 'valid', reason: null })).outcome, 'fail')
    assert.equal((await row({ kind: 'psa' })).outcome, 'unsupported')
  })

  it('a manifest that is refused for a reason with a name of the case’s own', async () => {
    const name = 'nvidia-gpu/rim-driver-550-144-bad-signature'
    const same = async (): Promise<undefined> => undefined
    assert.equal(outcomeOf(await refused(nvidiaCases, name, 'manifest-was-forged', same)), 'pass')
    assert.equal((await refused(nvidiaCases, name, 'certificate-expired', same)).outcome, 'fail')
    const renamed = await variant(nvidiaCases, 'nvidia-gpu/rim-driver-550-144', (folder) =>
      rename(join(folder, 'rim.xml'), join(folder, 'driver-rim.xml')),
    )
    assert.equal(outcomeOf(renamed), 'pass')
  })
})
