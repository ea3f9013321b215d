import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { distinguishedName, issueCertificate, issueCrl, namedKey, toPem, utf8 } from '@sekisho/emulator/kit'
import { processAround } from '../src/around.ts'
import { readCollateral } from '../src/options/collateral-files.ts'
import { noIasFiles, takeIas } from '../src/options/ias-files.ts'
import { scratch } from './process.ts'

const KEY = namedKey('ias authority of files', 'RSA-2048')
const NAME = distinguishedName(['CN', 'Intel SGX Attestation Report Signing CA'])
const TIMES = { thisUpdate: new Date('2021-09-01T00:00:00Z'), nextUpdate: new Date('2021-10-01T00:00:00Z') }
const list = (issuer: Uint8Array): Uint8Array =>
  issueCrl({ issuer, issuerKey: KEY, algorithm: 'rsa-pkcs1-sha384', ...TIMES })

describe('revocation lists of the authority of Intel’s attestation service', () => {
  const crl = list(NAME)

  it('are taken in DER and PEM', () => {
    for (const bytes of [crl, utf8(toPem(crl, 'X509 CRL'))]) {
      const into = noIasFiles()
      assert.equal(takeIas(bytes, into), true)
      assert.deepEqual(into.crl, crl)
    }
  })

  it('are told from certificates of the same authority, lists of others, and anything else', () => {
    const certificate = issueCertificate({
      subject: NAME,
      issuer: NAME,
      serial: 1,
      notBefore: TIMES.thisUpdate,
      notAfter: TIMES.nextUpdate,
      subjectKey: KEY,
      issuerKey: KEY,
      algorithm: 'rsa-pkcs1-sha384',
    })
    const other = list(distinguishedName(['CN', 'Other'], ['O', 'Intel SGX Attestation Report Signing CA']))
    for (const bytes of [
      certificate,
      other,
      crl.subarray(0, 99),
      utf8('x'),
      new Uint8Array(),
      utf8('-----BEGIN X509 CRL-----'),
    ]) {
      const into = noIasFiles()
      assert.equal(takeIas(bytes, into), false)
      assert.equal(into.crl, undefined)
    }
  })

  it('come to the verifier by `--collateral`', async () => {
    const file = join(scratch(), 'list.crl')
    writeFileSync(file, crl)
    const { ias, snp } = await readCollateral([file], processAround())
    assert.deepEqual([ias.crl, snp.crl], [crl, undefined])
  })
})
