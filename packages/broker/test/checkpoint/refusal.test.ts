import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { generateKey, makeSnp } from '@sekisho/emulator/kit'
import type { Check, Outcome, Phase, Tee, Verdict } from '@sekisho/evidence'
import { azureCheckIds, encodeHclReport, verifyAzureSync } from '@sekisho/evidence/azure'
import { ccaCheckIds } from '@sekisho/evidence/cca'
import { iasCheckIds } from '@sekisho/evidence/ias'
import { ibmSeCheckIds } from '@sekisho/evidence/ibm-se'
import { nitroCheckIds } from '@sekisho/evidence/nitro'
import { nvidiaCheckIds, nvidiaNodeCheckIds } from '@sekisho/evidence/nvidia'
import { psaCheckIds } from '@sekisho/evidence/psa'
import { sevCheckIds } from '@sekisho/evidence/sev'
import { sgxCatalogue } from '@sekisho/evidence/sgx'
import { snpCheckIds } from '@sekisho/evidence/snp'
import { tdxCatalogue } from '@sekisho/evidence/tdx'
import { tokenCheckIds } from '@sekisho/evidence/token'
import { tpmCheckIds } from '@sekisho/evidence/tpm'
import { type RefusalCode, refusalOf } from '../../src/checkpoint/refusal.ts'

/** Groups have names in a catalogue, too; a check's is never a part of another's. */
function idsOf(catalogue: Readonly<Record<string, string>>): readonly string[] {
  const all = Object.keys(catalogue)
  return all.filter((id) => !all.some((other) => other.startsWith(`${id}.`)))
}

const IDS: readonly string[] = [
  ...azureCheckIds(),
  ...ccaCheckIds(),
  ...iasCheckIds(),
  ...ibmSeCheckIds(),
  ...nitroCheckIds(),
  ...nvidiaCheckIds(),
  ...nvidiaNodeCheckIds(),
  ...psaCheckIds(),
  ...sevCheckIds(),
  ...idsOf(sgxCatalogue),
  ...snpCheckIds(),
  ...idsOf(tdxCatalogue),
  ...tokenCheckIds(),
  ...tpmCheckIds(),
]

const DCAP = (...names: readonly string[]): readonly string[] => names.flatMap((name) => [`sgx.${name}`, `tdx.${name}`])
const RIMS = (name: string): readonly string[] =>
  ['chain', 'rim.driver.chain', 'rim.vbios.chain'].map((at) => `nvidia.${at}.${name}`)
const SIGNERS = ['tcb-info.signer', 'qe-identity.signer']

/** Of each code, the checks that alone give it. Others under `expect` are mismatches, and what is left is rejected. */
const NAMED: Readonly<Partial<Record<RefusalCode, readonly string[]>>> = {
  'root-untrusted': [
    ...['snp.ark.pinned', 'sev.ark.pinned', 'nitro.root.pinned', 'ibm-se.root.pinned', 'tpm.chain.pinned'],
    ...['cca.key.trusted', 'psa.key.trusted', 'token.key.trusted', 'ias.chain.root', ...RIMS('root')],
    ...DCAP('pck.root', 'crl.pck-issuer.root', ...SIGNERS.map((one) => `${one}.root`)),
  ],
  'evidence-stale': [
    ...['snp', 'cca', 'ias', 'psa', 'token', 'tpm', 'sgx', 'tdx'].map((tee) => `${tee}.expect.report-data`),
    ...['snp', 'cca', 'ias', 'psa', 'token', 'tpm', 'sgx', 'tdx', 'nitro', 'sev', 'ibm-se', 'nvidia'].map(
      (tee) => `${tee}.expect.freshness`,
    ),
    ...['nitro.expect.user-data', 'ibm-se.expect.user-data', 'nvidia.node.nonce'],
  ],
  'tcb-unacceptable': [
    ...DCAP('tcb.level', 'tcb.not-revoked', 'tcb.status', 'tcb.evaluation-number'),
    ...['snp.tcb.certificate', 'snp.tcb.order', 'snp.expect.min-tcb', 'snp.expect.min-firmware', 'ias.tcb'],
    ...['token.tcb', 'token.expect.tcb', 'sev.expect.firmware', 'tdx.td.tee-tcb-svn'],
  ],
  'certificate-revoked': [
    ...['snp.crl.not-revoked', 'ias.crl.not-revoked', 'token.chain.crl.not-revoked', ...RIMS('ocsp.status')],
    ...['ibm-se.chain.not-revoked', 'ibm-se.hkd.not-revoked'],
    ...DCAP('pck.ca-revocation', 'pck.revocation', ...SIGNERS.map((one) => `${one}.revocation`)),
  ],
  'evidence-emulated': [
    ...['snp', 'sev', 'nitro', 'cca', 'psa', 'ias', 'ibm-se', 'nvidia', 'token'].map((tee) => `${tee}.hardware`),
    ...DCAP('platform.hardware'),
  ],
  'collateral-expired': [
    ...['snp.chain', 'snp.crl', 'nitro.chain', 'tpm.chain', 'ibm-se.chain', 'ibm-se.hkd'].flatMap((chain) => [
      `${chain}.not-before`,
      `${chain}.not-after`,
    ]),
    ...['ibm-se.chain.crl-current', 'ias.chain.dates', 'token.chain.dates', 'token.chain.crl.current'],
    ...[...RIMS('not-before'), ...RIMS('not-after'), ...RIMS('ocsp.current')],
    ...DCAP('pck.validity', 'crl.pck-issuer.validity', ...SIGNERS.map((one) => `${one}.validity`)),
    ...DCAP(
      ...['crl.root', 'crl.pck', 'tcb-info', 'qe-identity'].flatMap((one) => [`${one}.issued`, `${one}.current`]),
    ),
  ],
  'debug-enabled': [
    ...['snp.debug', 'sev.debug', 'nitro.debug', 'ias.debug', 'nvidia.debug', 'token.debug', 'token.debug.guest'],
    'token.submodules.debug',
    ...['sgx.enclave.debug', 'tdx.td.debug', 'tpm.expect.no-debugging'],
  ],
  'reference-mismatch': ['azure.accept.hardware'],
}

/** A verdict in which some checks came out so. */
function verdictOf(tee: Tee, outcome: Outcome, checks: readonly (readonly [id: string, phase: Phase])[]): Verdict {
  const made = checks.map(([id, phase]): Check => ({ id, phase, source: 'a test', outcome, reason: id }))
  return {
    ...{ schema: BARE.schema, summary: '', tee, format: 'made', at: BARE.at, evidence: BARE.evidence },
    ...{ claims: BARE.claims, emulated: false, anchors: [], collateral: [], assumed: [], waived: [], notes: [] },
    outcome: outcome === 'fail' ? 'rejected' : 'incomplete',
    authenticity: 'unproven',
    checks: [{ id: 'made', outcome, checks: made }],
  }
}

const { n, e } = generateKey('RSA-2048').publicKey.export({ format: 'jwk' })
const CLAIMS = Buffer.from(
  JSON.stringify({
    keys: [{ kid: 'HCLAkPub', key_ops: ['sign'], kty: 'RSA', e, n }],
    'vm-configuration': { 'secure-boot': true },
    'user-data': '00'.repeat(64),
  }),
)

interface Made {
  readonly damaged?: boolean
  readonly measurement?: string
  readonly hardware?: object
  readonly endorsed?: boolean
  readonly userData?: string
}

/** The verdict on an HCL report of an emulated SNP machine, without a quote of its vTPM. */
function azure({ damaged = false, measurement, hardware, endorsed = true, userData }: Made): Verdict {
  const reportData = createHash('sha256').update(CLAIMS).digest('hex').padEnd(128, '0')
  const { evidence, collateral, anchor, expectations, at } = makeSnp({ report: { reportData, vmpl: 0 } })
  const report = Buffer.from(evidence)
  if (damaged) report.writeUInt8(report.readUInt8(0x2a0) ^ 1, 0x2a0)
  const hclReport = encodeHclReport({
    ...{ headerVersion: 1, reportSize: 1184, requestType: 2, status: 0, hardware: 'snp', hardwareReport: report },
    ...{ runtimeDataSize: 20 + CLAIMS.length, runtimeVersion: 1, hash: 'sha256', claims: CLAIMS },
    totalBytes: 32 + 1184 + 20 + CLAIMS.length,
  })
  return verifyAzureSync(
    { hclReport },
    {
      at,
      trustAnchors: [anchor],
      ...(endorsed ? { collateral: { snp: collateral } } : {}),
      expect: {
        allowEmulated: true,
        measurement: [measurement ?? expectations.measurement?.[0] ?? ''],
        hardware: hardware ?? { minTcb: { bootloader: 0, tee: 0, snp: 0, microcode: 0 } },
        ...(userData === undefined ? {} : { userData }),
      },
    },
  )
}

const BARE = azure({})

test('every check that fails alone gives the code that its meaning has', () => {
  const named = new Map(Object.entries(NAMED).flatMap(([code, ids]) => ids.map((id) => [id, code] as const)))
  assert.deepEqual(
    [...named.keys()].filter((id) => !IDS.includes(id)),
    [],
    'the table names checks that there are',
  )
  for (const id of IDS) {
    const expected = named.get(id) ?? (id.includes('.expect.') ? 'reference-mismatch' : 'evidence-rejected')
    for (const phase of ['authenticity', 'appraisal'] as const) {
      const verdict = verdictOf('snp', 'fail', [[id, phase]])
      assert.equal(refusalOf(verdict, true), expected, id)
    }
  }
})

test('a part that only is missing from evidence is no endorsement that could not be had', () => {
  const code = (...ids: readonly string[]): RefusalCode =>
    refusalOf(
      verdictOf(
        'snp',
        'unchecked',
        ids.map((id) => [id, 'authenticity']),
      ),
      true,
    )
  for (const id of ['azure.hardware.present', 'azure.quote.present', 'ias.signature.present', 'ias.chain.readable'])
    assert.equal(code(id), 'evidence-incomplete', id)
  for (const id of ['ibm-se.response', 'nvidia.chain.present']) assert.equal(code(id), 'evidence-incomplete', id)
  for (const id of ['snp.leaf.present', 'sgx.pck.present', 'nvidia.rim.driver.present', 'cca.key.present'])
    assert.equal(code(id), 'collateral-missing', id)
  assert.equal(code('snp.leaf.present', 'azure.quote.present'), 'evidence-incomplete')
})

test('evidence of an Azure VM is refused for what is wrong with its hardware report, not as emulated', () => {
  assert.equal(refusalOf(azure({}), true), 'evidence-incomplete', 'a report alone')
  assert.equal(refusalOf(azure({}), false), 'reference-missing')
  assert.equal(refusalOf(azure({ endorsed: false }), true), 'evidence-incomplete')
  assert.equal(refusalOf(azure({ damaged: true }), true), 'evidence-rejected')
  assert.equal(refusalOf(azure({ measurement: 'ab'.repeat(48) }), true), 'reference-mismatch')
  assert.equal(refusalOf(azure({ hardware: { minTcb: { snp: 250 } } }), true), 'tcb-unacceptable')
  assert.equal(refusalOf(azure({ hardware: { minTeeTcbSvn: '00'.repeat(16) } }), true), 'reference-mismatch', 'for TDX')
  assert.equal(refusalOf(azure({ userData: 'ab'.repeat(64) }), true), 'reference-mismatch')
})
