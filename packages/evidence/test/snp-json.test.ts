import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { filled, makeSnp } from '@sekisho/emulator/kit'
import fc from 'fast-check'
import { EvidenceError } from '../src/core/errors.ts'
import { parseSnpJson, parseSnpReport } from '../src/snp/index.ts'
import { refuses } from './refuses.ts'

const good = makeSnp()

describe('JSON form of a report', () => {
  const array = (bytes: Uint8Array): number[] => [...bytes]
  function jsonOf(evidence: Uint8Array): Record<string, unknown> {
    const report = parseSnpReport(evidence)
    const turin = report.cpuidFamily === 0x1a
    const tcb = (raw: Uint8Array): object => ({
      fmc: turin ? raw[0] : null,
      bootloader: raw[turin ? 1 : 0],
      tee: raw[turin ? 2 : 1],
      snp: raw[turin ? 3 : 6],
      microcode: raw[7],
    })
    return {
      version: report.version,
      guest_svn: report.guestSvn,
      policy: Number(report.policy),
      family_id: array(report.familyId),
      image_id: array(report.imageId),
      vmpl: report.vmpl,
      sig_algo: report.signatureAlgo,
      current_tcb: tcb(report.currentTcb),
      plat_info: Number(report.platformInfo),
      key_info: report.keyInfo,
      report_data: array(report.reportData),
      measurement: array(report.measurement),
      host_data: array(report.hostData),
      id_key_digest: array(report.idKeyDigest),
      author_key_digest: array(report.authorKeyDigest),
      report_id: array(report.reportId),
      report_id_ma: array(report.reportIdMa),
      reported_tcb: tcb(report.reportedTcb),
      cpuid_fam_id: report.cpuidFamily ?? null,
      cpuid_mod_id: report.cpuidModel ?? null,
      cpuid_step: report.cpuidStepping ?? null,
      chip_id: array(report.chipId),
      committed_tcb: tcb(report.committedTcb),
      current: { ...report.current },
      committed: { ...report.committed },
      launch_tcb: tcb(report.launchTcb),
      ...(report.launchMitVector === undefined
        ? {}
        : { launch_mit_vector: Number(report.launchMitVector), current_mit_vector: Number(report.currentMitVector) }),
      signature: { r: array(report.signatureR), s: array(report.signatureS) },
    }
  }
  it('gives the bytes that were signed, on every product and version', () => {
    for (const product of ['Milan', 'Genoa', 'Turin'] as const) {
      for (const version of product === 'Turin' ? [3, 5] : [2, 3, 4, 5]) {
        const { evidence, certificates } = makeSnp({ product, version })
        const text = JSON.stringify({
          attestation_report: jsonOf(evidence),
          cert_chain: [{ cert_type: 'VCEK', data: array(certificates.vcek ?? filled(0)) }],
        })
        const read = parseSnpJson(text)
        assert.deepEqual(read.report, evidence)
        assert.deepEqual(read.collateral.vcek, certificates.vcek)
      }
    }
  })
  it('is refused with unknown, missing, wrong or doubled members', () => {
    const report = jsonOf(good.evidence)
    const bad = (change: object, field: RegExp): void =>
      refuses('malformed', field, () => parseSnpJson({ attestation_report: { ...report, ...change } }))
    bad({ another: 1 }, /attestation_report/)
    bad({ measurement: 'a5' }, /measurement/)
    bad({ measurement: new Array<number>(49).fill(0) }, /measurement/)
    bad({ measurement: new Array<number>(48).fill(256) }, /measurement/)
    bad({ policy: 2 ** 60 }, /policy/)
    bad({ policy: -1 }, /policy/)
    bad({ vmpl: 1.5 }, /vmpl/)
    bad({ current_tcb: { bootloader: 1, tee: 1, snp: 1 } }, /microcode/)
    bad({ current_tcb: { fmc: 1, bootloader: 1, tee: 1, snp: 1, microcode: 1 } }, /fmc/)
    bad({ launch_mit_vector: 1 }, /launch_mit_vector/)
    bad({ signature: { r: [], s: [] } }, /signature/)
    refuses('unsupported-version', /version/, () => parseSnpJson({ attestation_report: { ...report, version: 6 } }))
    refuses('malformed', /\$/, () => parseSnpJson('{'))
    refuses('malformed', /\$/, () => parseSnpJson('[]'))
    refuses('too-large', /\$/, () => parseSnpJson(' '.repeat(300_000)))
    const one = { cert_type: 'VCEK', data: [1] }
    refuses('malformed', /cert_chain/, () => parseSnpJson({ attestation_report: report, cert_chain: [one, one] }))
    refuses('malformed', /cert_chain/, () =>
      parseSnpJson({ attestation_report: report, cert_chain: new Array<object>(9).fill(one) }),
    )
    assert.deepEqual(
      parseSnpJson({ attestation_report: report, cert_chain: [{ cert_type: { OTHER: 'x' }, data: [] }] }).collateral,
      {},
    )
    assert.deepEqual(parseSnpJson({ attestation_report: report, cert_chain: null }).collateral, {})
  })
  it('answers or refuses whatever JSON it is given', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        try {
          parseSnpJson(value)
        } catch (error) {
          assert.ok(error instanceof EvidenceError, String(error))
        }
      }),
      { numRuns: 1000 },
    )
  })
})
