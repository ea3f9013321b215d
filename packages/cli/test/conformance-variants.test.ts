import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ccaCases } from '../src/conformance/arm/cca.ts'
import type { CaseResult, CaseRunner, JsonValue } from '../src/conformance/case.ts'
import { CaseFiles } from '../src/conformance/case-files.ts'
import { applyEdit } from '../src/conformance/edits.ts'
import { ibmSeCases } from '../src/conformance/ibm-se/cases.ts'
import { intelCases } from '../src/conformance/intel/cases.ts'
import { isRecord } from '../src/conformance/json.ts'
import { nitroCases } from '../src/conformance/nitro/cases.ts'
import { sevCases } from '../src/conformance/sev/cases.ts'
import { snpCases } from '../src/conformance/snp/cases.ts'
import { tokenCases } from '../src/conformance/token/cases.ts'
import { claimNamed } from '../src/conformance/token/claims.ts'
import { iasCases } from '../src/conformance/token/ias.ts'
import { tpmCases } from '../src/conformance/tpm/cases.ts'

const VECTORS = process.env.SEKISHO_VECTORS ?? fileURLToPath(new URL('../../../../../shared/vectors', import.meta.url))
const skip = existsSync(VECTORS) ? false : `needs the vectors in ${VECTORS} (SEKISHO_VECTORS)`

type Edit = (content: Record<string, JsonValue>, folder: string) => void | Promise<void>

let home = ''
let count = 0

/** Runs a copy of a published case, laid out or labelled as another collection might. */
async function variant(runner: CaseRunner, name: string, edit: Edit): Promise<CaseResult> {
  const folder = join(home, String(count++))
  await cp(join(VECTORS, name), folder, { recursive: true })
  const read: JsonValue = JSON.parse(await readFile(join(folder, 'case.json'), 'utf8'))
  assert.ok(isRecord(read))
  const content: Record<string, JsonValue> = { ...read }
  await edit(content, folder)
  await writeFile(join(folder, 'case.json'), JSON.stringify(content))
  return runner.run(folder, name, content)
}

function expecting(content: Record<string, JsonValue>, change: { readonly [key: string]: JsonValue }): void {
  assert.ok(isRecord(content['expect']))
  content['expect'] = { ...content['expect'], ...change }
}

function listing(content: Record<string, JsonValue>, change: { readonly [key: string]: JsonValue }): void {
  const expect = content['expect']
  assert.ok(isRecord(expect) && isRecord(expect['fields']))
  expecting(content, { fields: { ...expect['fields'], ...change } })
}

describe('cases as other collections lay them out', { skip }, () => {
  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'sekisho-cases-'))
  })
  after(() => rm(home, { recursive: true }))

  it('an SNP case whose certificates are in the host’s table alone', async () => {
    const remove: Edit = (_content, folder) => rm(join(folder, 'certs'), { recursive: true })
    const result = await variant(snpCases, 'amd-sev-snp/milan-v3-vlek-aws', remove)
    assert.equal(result.outcome, 'pass', result.message)
  })

  it('an SNP report in a buffer of a page, and as the guest device answers', async () => {
    for (const around of [
      (report: Buffer): Buffer => Buffer.concat([report, Buffer.alloc(4096 - report.length)]),
      (report: Buffer): Buffer => {
        const answer = Buffer.alloc(4000)
        answer.writeUInt32LE(report.length, 4)
        report.copy(answer, 32)
        return answer
      },
    ]) {
      const result = await variant(snpCases, 'amd-sev-snp/milan-v3-vlek-aws', async (_content, folder) => {
        const file = join(folder, 'evidence.bin')
        await writeFile(file, around(await readFile(file)))
      })
      assert.equal(result.outcome, 'pass', result.message)
    }
  })

  it('an SNP case whose reason is not the first fault, another one, and one with a name of the case’s own', async () => {
    const name = 'amd-sev-snp/synthetic/vcek-expired'
    const withReason = async (reason: string, verdict = 'invalid'): Promise<CaseResult> =>
      variant(snpCases, name, async (content, folder) => {
        content['expect'] = { verdict, reason }
        content['trustAnchor'] = 'ark.der'
        await cp(join(VECTORS, 'amd-sev-snp/synthetic/ca/genoa/ark.der'), join(folder, 'ark.der'))
        const file = join(folder, 'evidence.bin')
        const bytes = await readFile(file)
        // The signature as well: a second fault beside the expired certificate.
        bytes.writeUInt8((bytes[0x2a0] ?? 0) ^ 1, 0x2a0)
        await writeFile(file, bytes)
      })
    for (const reason of ['certificate-expired', 'report-signature', 'too-old'])
      assert.equal((await withReason(reason)).outcome, 'pass', reason)
    assert.equal((await withReason('report-signature')).actualReason, 'report-signature')
    assert.equal((await withReason('tcb-mismatch')).outcome, 'fail')
    assert.equal((await withReason('too-old', 'valid')).outcome, 'fail')
  })

  it('an Intel case that names no root beside one, with collateral as other tools write it', async () => {
    const unnamed: Edit = async (content, folder) => {
      delete content['anchor']
      await cp(join(VECTORS, 'intel-generated/trust-anchor.pem'), join(folder, 'trust-anchor.pem'))
      const file = join(folder, 'collateral.json')
      const collateral: JsonValue = JSON.parse(await readFile(file, 'utf8'))
      await writeFile(
        file,
        JSON.stringify({ ...(isRecord(collateral) ? collateral : {}), pck_certificate_chain: null }),
      )
    }
    for (const name of ['sgx-v3-up-to-date', 'sgx-pck-revoked', 'tdx-v5-td15-relaunch-advised']) {
      const result = await variant(intelCases, `intel-generated/${name}`, unnamed)
      assert.equal(result.outcome, 'pass', result.message)
      assert.equal(result.actualReason, result.expectedReason)
    }
  })

  it('the word of Intel’s library for a fault, where it has several', async () => {
    const says = async (name: string, qvlStatus: string): Promise<string> =>
      (
        await variant(intelCases, `intel-generated/${name}`, async (content, folder) => {
          expecting(content, { qvlStatus })
          await cp(join(VECTORS, 'intel-generated/trust-anchor.pem'), join(folder, 'trust-anchor.pem'))
        })
      ).outcome
    assert.equal(await says('sgx-pck-revoked', 'STATUS_SGX_PCK_REVOKED'), 'pass')
    assert.equal(await says('sgx-pck-revoked', 'STATUS_PCK_REVOKED'), 'pass')
    assert.equal(await says('sgx-pck-revoked', 'STATUS_OK'), 'fail')
    assert.equal(await says('sgx-tcb-info-expired', 'STATUS_SGX_TCB_INFO_EXPIRED'), 'pass')
    assert.equal(await says('sgx-qe-report-signature-flipped', 'STATUS_INVALID_QE_REPORT_SIGNATURE'), 'pass')
    assert.equal(await says('sgx-qe-report-signature-flipped', 'STATUS_INVALID_QUOTE_SIGNATURE'), 'fail')
  })

  it('a TPM case whose authorities have other file names, and one that names its own root', async () => {
    const renamed: Edit = async (_content, folder) => {
      const certs = join(folder, 'certs')
      await cp(join(certs, 'intermediate.der'), join(certs, 'a-ca.der'))
      await rm(join(certs, 'intermediate.der'))
    }
    const chain = await variant(tpmCases, 'tpm/gce-p256-quote', async (content, folder) => {
      await renamed(content, folder)
      expecting(content, { certificate: { akKeyMatches: true, chainValid: true } })
    })
    assert.equal(chain.outcome, 'pass', chain.message)
    const stranger = await variant(tpmCases, 'tpm/gce-p256-quote', async (content, folder) => {
      await writeFile(
        join(folder, 'anchor.der'),
        await readFile(join(VECTORS, 'aws-nitro/oyster-custom-root/anchor.der')),
      )
      content['trustAnchor'] = 'anchor.der'
      expecting(content, { verdict: 'invalid' })
    })
    assert.equal(stranger.actualReason, 'untrusted-root')
  })

  it('a reason with a name of the case’s own is compared by its verdict, a known one by the reason', async () => {
    const name = 'aws-nitro/derived-pcr0-bitflip'
    const reason = (word: string): Edit => {
      return (content) => expecting(content, { reason: word })
    }
    assert.equal((await variant(nitroCases, name, reason('cose-signature-wrong'))).outcome, 'pass')
    assert.equal((await variant(nitroCases, name, reason('certificate-expired'))).outcome, 'fail')
    const genuine = await variant(nitroCases, 'aws-nitro/oyster-2024-12', (content) =>
      expecting(content, { verdict: 'invalid', reason: 'cose-signature-wrong' }),
    )
    assert.equal(genuine.outcome, 'fail')
    const unsaid = await variant(nitroCases, 'aws-nitro/oyster-2024-12', (content) => {
      content['expect'] = { reason: 'cose-signature-wrong' }
    })
    assert.equal(unsaid.outcome, 'fail')
  })

  it('claims of a token under names of the case’s own', async () => {
    const name = 'tokens/confidential-space-pki-tdx-2025'
    const result = await variant(tokenCases, name, (content) => listing(content, { restartPolicy: 'Never' }))
    assert.equal(result.outcome, 'pass', result.message)
    const other = await variant(tokenCases, name, (content) => listing(content, { restartPolicy: 'Always' }))
    assert.equal(other.outcome, 'fail')
    const unknown = await variant(tokenCases, name, (content) => listing(content, { nobodyKnows: 1 }))
    assert.equal(unknown.outcome, 'unsupported')
  })

  it('members of `expect` that nothing compares, in whatever kind of case', async () => {
    for (const [runner, name, at] of [
      [tokenCases, 'tokens/cmw-samples', 'expect'],
      [tokenCases, 'tokens/ear-claims-sets', 'expect'],
      [tokenCases, 'tokens/eat-payloads', 'fields'],
      [tokenCases, 'tokens/nvidia-nras-signing-chain', 'expect'],
      [iasCases, 'tokens/ias-2021', 'expect'],
      [nitroCases, 'nitro-eif/reference-pcrs', 'fields'],
      [nitroCases, 'nitro-nsm/messages', 'expect'],
      [ccaCases, 'arm-cca-claims/claims-sets', 'expect'],
      [ibmSeCases, 'ibm-se/measurement-kat', 'fields'],
    ] as const) {
      const change = { noteworthy: 'value' }
      const result = await variant(runner, name, (content) =>
        at === 'expect' ? expecting(content, change) : listing(content, change),
      )
      assert.notEqual(result.outcome, 'pass', `${name}: ${at}`)
    }
  })

  it('known answers with another input, and with a member that nobody knows', async () => {
    const change = (from: string, to: JsonValue): Edit => {
      return (content) => {
        const vectors = isRecord(content['expect']) ? content['expect']['vectors'] : undefined
        assert.ok(Array.isArray(vectors))
        expecting(content, { vectors: vectors.map((one) => (isRecord(one) ? { ...one, [from]: to } : one)) })
      }
    }
    const saysValid: Edit = (content) => expecting(content, { verdict: 'valid' })
    for (const [runner, name, edit] of [
      [tpmCases, 'tpm/make-credential', change('encryptedSecret', '0044002000')],
      [tpmCases, 'tpm/make-credential', change('ephemeralPublic', { x: '00', y: '00' })],
      [tpmCases, 'tpm/make-credential', change('ek', 'rsa-3072')],
      [tpmCases, 'tpm/make-credential', change('noteworthy', 'value')],
      [sevCases, 'amd-sev/launch-measure', change('noteworthy', 'value')],
      [ccaCases, 'arm-cca-claims/claims-sets', saysValid],
    ] as const) {
      const outcome = await variant(runner, name, edit).then(
        (result) => result.outcome,
        () => 'not run',
      )
      assert.notEqual(outcome, 'pass', name)
    }
  })

  it('edits of another kind, without what they need, and of a file that is not there', async () => {
    const files = new CaseFiles(join(VECTORS, 'amd-sev-snp/milan-v3-vlek-aws'))
    const file = 'evidence.bin'
    for (const op of [
      { op: 'xor', file, offset: 0, hex: '00' },
      { op: 'set', file, hex: '00' },
      { op: 'set', file, offset: 0, hex: '0' },
      { op: 'set', file, offset: 0, hex: '00', count: 2 },
      { op: 'truncate', file },
      { op: 'truncate', file: 'evidence.json', length: 1 },
    ])
      await assert.rejects(applyEdit(VECTORS, files, op), Error, JSON.stringify(op))
    await applyEdit(VECTORS, files, { op: 'set', file, offset: 0, hex: '09' })
    assert.equal((await files.need(file))[0], 9)
  })
})

it('a claim is found by its letters, and not where two of that name differ', () => {
  const claims = { tdx_mrtd: 'aa', inner: { 'x-ms-ver': '1.0', tdx_rtmr0: 'bb' }, a: { svn: 1 }, b: { svn: 2 } }
  assert.equal(claimNamed(claims, 'mrtd'), 'aa')
  assert.equal(claimNamed(claims, 'rtmr0'), 'bb')
  assert.equal(claimNamed(claims, 'ver'), '1.0')
  assert.equal(claimNamed(claims, 'svn'), undefined)
  assert.equal(claimNamed(claims, 'nothing'), undefined)
})
