import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  amdName,
  certificateTable,
  concat,
  filled,
  generateKey,
  makeSnp,
  patched,
  reportResponse,
  TABLE_GUIDS,
} from '@sekisho/emulator/kit'
import fc from 'fast-check'
import { EvidenceError } from '../src/core/errors.ts'
import {
  decodeSnpReport,
  encodeIdBlock,
  encodeSnpReport,
  kdsChainPath,
  kdsCrlPath,
  kdsVcekPath,
  parseCertificateTable,
  parseIdAuth,
  parseIdBlock,
  parseSnpReport,
  prepareSnpCollateral,
  productOfCpuid,
  readSnpExpectations,
  SNP_REPORT_SIZE,
  settleIdBlock,
  snpFields,
  snpReportLayout,
  splitSnpEvidence,
  verifySnpSync,
} from '../src/snp/index.ts'
import { productOfName } from '../src/snp/products.ts'
import { refuses } from './refuses.ts'

const good = makeSnp()

const reportBytes = fc
  .tuple(
    fc.uint8Array({ minLength: SNP_REPORT_SIZE, maxLength: SNP_REPORT_SIZE }),
    fc.integer({ min: 2, max: 5 }),
    fc.constantFrom(0, 1, 2, 3, 0xffffffff),
  )
  .map(([bytes, version, vmpl]) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset)
    view.setUint32(0, version, true)
    view.setUint32(0x30, vmpl, true)
    view.setUint32(0x34, 1, true)
    return bytes
  })

describe('SNP report', () => {
  it('has a layout without gaps or overlaps in every version', () => {
    for (const version of [2, 3, 4, 5]) {
      let at = 0
      for (const row of snpReportLayout(version)) {
        assert.equal(row.offset, at, `${row.name} of version ${version}`)
        at += row.size
      }
      assert.equal(at, SNP_REPORT_SIZE)
    }
  })
  it('sets every field that its type promises', () => {
    const names = new Set(snpReportLayout(2).map((row) => row.name))
    const optional = ['cpuidFamily', 'cpuidModel', 'cpuidStepping', 'launchMitVector', 'currentMitVector']
    for (const row of snpReportLayout(5)) assert.ok(names.has(row.name) || optional.includes(row.name), row.name)
  })
  it('is written again byte for byte, reserved bytes and all', () => {
    fc.assert(
      fc.property(reportBytes, (bytes) => assert.deepEqual(encodeSnpReport(parseSnpReport(bytes)), bytes)),
      { numRuns: 500 },
    )
  })
  it('is refused in any other length', () => {
    for (const length of [0, 1, 4, 0x2a0, 1183])
      refuses('truncated', /^report$/, () => parseSnpReport(good.evidence.subarray(0, length)))
    refuses('trailing-bytes', /^report$/, () => parseSnpReport(concat(good.evidence, filled(1))))
  })
  it('is refused in another version, algorithm or VMPL, and can still be looked at', () => {
    for (const version of [0, 1, 6, 99]) {
      const bytes = patched(good.evidence, 0, Uint8Array.of(version))
      refuses('unsupported-version', /version/, () => parseSnpReport(bytes))
      assert.equal(decodeSnpReport(bytes).version, version)
    }
    refuses('unsupported-algorithm', /signatureAlgo/, () =>
      parseSnpReport(patched(good.evidence, 0x34, Uint8Array.of(2))),
    )
    for (const vmpl of [4, 255])
      refuses('malformed', /vmpl/, () => parseSnpReport(patched(good.evidence, 0x30, Uint8Array.of(vmpl))))
  })
  it('is not written with a field missing, too long, or in an unknown version', () => {
    const report = parseSnpReport(good.evidence)
    assert.throws(() => encodeSnpReport({ ...report, version: 6 }), TypeError)
    assert.throws(() => encodeSnpReport({ ...report, version: 5 }), /launchMitVector/)
    assert.throws(() => encodeSnpReport({ ...report, measurement: filled(49) }), TypeError)
  })
  it('is shown field by field, each with a path of its own', () => {
    for (const version of [2, 3, 4, 5]) {
      const fields = snpFields(
        parseSnpReport(makeSnp({ version, product: version === 5 ? 'Turin' : 'Milan' }).evidence),
      )
      assert.equal(new Set(fields.map((field) => field.path)).size, fields.length)
      for (const field of fields) assert.ok((field.offset ?? 0) + (field.length ?? 0) <= SNP_REPORT_SIZE)
    }
  })
})

describe('products', () => {
  it('are told by CPUID family and model, and never guessed', () => {
    assert.equal(productOfCpuid(0x19, 0x01), 'Milan')
    assert.equal(productOfCpuid(0x19, 0x11), 'Genoa')
    assert.equal(productOfCpuid(0x19, 0xa0), 'Genoa')
    assert.equal(productOfCpuid(0x1a, 0x02), 'Turin')
    assert.equal(productOfCpuid(0x1a, 0x11), 'Turin')
    for (const [family, model] of [
      [0x19, 0x20],
      [0x1a, 0x20],
      [0x1a, 0x50],
      [0x1a, 0x90],
      [0x17, 0x31],
      [0, 0],
    ] as const) {
      assert.equal(productOfCpuid(family, model), undefined)
    }
  })
  it('are told by the names in certificates', () => {
    assert.equal(productOfName('Milan-B0'), 'Milan')
    assert.equal(productOfName('Turin'), 'Turin')
    for (const name of ['', 'milan', 'Milan-', 'MilanX', 'Milan-B0-B1', 'Venice'])
      assert.equal(productOfName(name), undefined)
  })
})

describe('what hosts deliver', () => {
  it('is split: bare report, response, report with a table', () => {
    assert.equal(splitSnpEvidence(good.evidence).kind, 'report')
    const response = splitSnpEvidence(reportResponse(good.evidence))
    assert.equal(response.kind, 'response')
    assert.deepEqual(response.report, good.evidence)
    const both = splitSnpEvidence(concat(good.evidence, good.certificateTable))
    assert.equal(both.kind, 'report-and-table')
    assert.deepEqual(
      both.table.map((entry) => entry.kind),
      ['vcek', 'ask', 'ark'],
    )
  })
  it('is refused: failed, cut or trailing responses', () => {
    const response = reportResponse(good.evidence)
    refuses('malformed', /status/, () => splitSnpEvidence(padTo(reportResponse(good.evidence, 0x16), 4000)))
    refuses('truncated', /response/, () => splitSnpEvidence(response.subarray(0, 0x20 + 1183)))
    refuses('trailing-bytes', /response/, () => splitSnpEvidence(concat(response, Uint8Array.of(1))))
    refuses('trailing-bytes', /report/, () => parseSnpReport(splitSnpEvidence(concat(good.evidence, filled(1))).report))
  })
  it('is an empty table, or none', () => {
    assert.deepEqual(parseCertificateTable(new Uint8Array(0)), [])
    assert.deepEqual(parseCertificateTable(filled(4096)), [])
  })
  it('skips GUIDs that are not known, also the known ones in the other byte order', () => {
    const table = certificateTable([
      { guid: 'c24b07a85aa23e48aae639c045a0b8a1', data: filled(3) },
      { guid: TABLE_GUIDS.platform, data: filled(8) },
    ])
    assert.deepEqual(
      parseCertificateTable(table).map((entry) => entry.kind),
      [undefined, 'platform-info'],
    )
  })
  it('is refused with hostile offsets, lengths and headers', () => {
    const one = (offset: number, length: number): Uint8Array =>
      certificateTable([{ guid: TABLE_GUIDS.vcek, data: filled(8), offset, length }])
    refuses('malformed', /certificateTable/, () => parseCertificateTable(one(0, 8)))
    refuses('malformed', /certificateTable/, () => parseCertificateTable(one(47, 8)))
    refuses('malformed', /certificateTable/, () => parseCertificateTable(one(4096, 1)))
    refuses('malformed', /certificateTable/, () => parseCertificateTable(one(48, 0xffffffff)))
    refuses('malformed', /certificateTable/, () => parseCertificateTable(one(0xffffffff, 0xffffffff)))
    refuses('truncated', /certificateTable/, () => parseCertificateTable(one(48, 8).subarray(0, 24)))
    refuses('too-large', /certificateTable/, () => parseCertificateTable(filled(100 * 24).fill(1)))
    refuses('too-large', /certificateTable/, () => parseCertificateTable(filled(1024 * 1024 + 1)))
    const twice = certificateTable([
      { guid: TABLE_GUIDS.vcek, data: filled(8) },
      { guid: TABLE_GUIDS.vcek, data: filled(8) },
    ])
    refuses('malformed', /certificateTable/, () => parseCertificateTable(twice))
  })
  it('never makes a decoder do anything but answer or refuse', () => {
    const decoders = [
      parseCertificateTable,
      splitSnpEvidence,
      decodeSnpReport,
      parseIdBlock,
      parseIdAuth,
      (bytes: Uint8Array) =>
        prepareSnpCollateral({
          vcek: bytes,
          ask: bytes,
          crl: bytes,
          certChain: bytes,
          certificateTable: bytes,
          idBlock: bytes,
          idAuth: bytes,
        }),
    ]
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1300 }), (bytes) => {
        for (const decode of decoders) {
          try {
            decode(bytes)
          } catch (error) {
            assert.ok(error instanceof EvidenceError, String(error))
          }
        }
      }),
      { numRuns: 2000 },
    )
  })
})

function padTo(bytes: Uint8Array, length: number): Uint8Array {
  return bytes.length >= length ? bytes : concat(bytes, filled(length - bytes.length))
}

describe('ID block', () => {
  const signed = makeSnp({ idBlock: { idKey: generateKey('P-384'), authorKey: generateKey('P-384') } })
  const idBlock = signed.idBlock ?? filled(96)
  const idAuth = signed.idAuth ?? filled(4096)
  it('is read and written again', () => assert.deepEqual(encodeIdBlock(parseIdBlock(idBlock)), idBlock))
  it('is refused in another length or version, its authentication with another algorithm', () => {
    refuses('truncated', /idBlock/, () => parseIdBlock(idBlock.subarray(0, 95)))
    refuses('trailing-bytes', /idBlock/, () => parseIdBlock(concat(idBlock, filled(1))))
    refuses('unsupported-version', /idBlock\.version/, () => parseIdBlock(patched(idBlock, 80, Uint8Array.of(2))))
    refuses('truncated', /idAuth/, () => parseIdAuth(idAuth.subarray(1)))
    refuses('unsupported-algorithm', /idKeyAlgo/, () => parseIdAuth(patched(idAuth, 0, Uint8Array.of(0))))
    refuses('unsupported-algorithm', /authorKeyAlgo/, () => parseIdAuth(patched(idAuth, 4, Uint8Array.of(2))))
  })
  it('is proved by its keys alone', async () => {
    const settled = await settleIdBlock(idBlock, idAuth)
    assert.deepEqual([settled.signatureVerifies, settled.authorSignatureVerifies], [true, true])
    assert.equal(settled.idKeyDigest, signed.fields.idKeyDigest)
    assert.equal(settled.authorKeyDigest, signed.fields.authorKeyDigest)
    const long = await settleIdBlock(idBlock, patched(idAuth, 0x40 + 60, Uint8Array.of(1)))
    assert.equal(long.signatureVerifies, false, 'R with high bytes')
    const curve = await settleIdBlock(idBlock, patched(idAuth, 0x240, Uint8Array.of(1)))
    assert.equal(curve.signatureVerifies, false, 'another curve')
  })
  it('needs both of its parts', () => assert.equal(prepareSnpCollateral({ idBlock }).idBlock.error?.field, 'idAuth'))
})

describe('collateral in PEM', () => {
  const pem = (der: Uint8Array | undefined, label = 'CERTIFICATE'): Uint8Array =>
    new TextEncoder().encode(
      `-----BEGIN ${label}-----\n${Buffer.from(der ?? [])
        .toString('base64')
        .replace(/(.{64})/g, '$1\n')}\n-----END ${label}-----\n`,
    )
  const { vcek, ask, ark } = good.certificates
  it('is read part by part, as a chain, and in a table', () => {
    const options = { at: good.at, trustAnchors: [good.anchor], expect: good.expectations }
    const crl = pem(good.crl, 'X509 CRL')
    const chain = concat(pem(ask), pem(ark))
    const table = certificateTable([
      { guid: TABLE_GUIDS.vcek, data: concat(pem(vcek), filled(3)) },
      { guid: TABLE_GUIDS.ask, data: pem(ask) },
      { guid: TABLE_GUIDS.ark, data: pem(ark) },
    ])
    for (const collateral of [
      { vcek: pem(vcek), ask: pem(ask), ark: pem(ark), crl },
      { vcek: pem(vcek), certChain: chain, crl },
      { vcek: pem(vcek), certChain: concat(pem(ark), pem(ask)), crl },
      { certificateTable: table, crl },
    ]) {
      assert.equal(verifySnpSync(good.evidence, { ...options, collateral }).outcome, 'verified')
    }
  })
  it('is one certificate in each place, and two in a chain', () => {
    assert.equal(prepareSnpCollateral({ ark: concat(pem(ark), pem(ark)) }).ark.error?.code, 'malformed')
    assert.equal(prepareSnpCollateral({ certChain: pem(ark) }).ark.error?.field, 'certChain')
  })
})

describe("the key service's paths", () => {
  it('name chip and levels, two digits each', () => {
    const milan = makeSnp({ product: 'Milan' })
    const chip = milan.fields.chipId
    assert.equal(
      kdsVcekPath(parseSnpReport(milan.evidence), 'Milan'),
      `/vcek/v1/Milan/${chip}?blSPL=04&teeSPL=00&snpSPL=24&ucodeSPL=219`,
    )
    const turin = makeSnp({ product: 'Turin' })
    assert.equal(
      kdsVcekPath(parseSnpReport(turin.evidence), 'Turin'),
      `/vcek/v1/Turin/${turin.fields.chipId.slice(0, 16)}?blSPL=02&teeSPL=01&snpSPL=04&ucodeSPL=81&fmcSPL=01`,
    )
    assert.equal(kdsChainPath('vlek', 'Genoa'), '/vlek/v1/Genoa/cert_chain')
    assert.equal(kdsCrlPath('vcek', 'Genoa'), '/vcek/v1/Genoa/crl')
  })
  it('do not exist for a masked chip', () => {
    const masked = makeSnp({ report: { chipId: '00'.repeat(64) } })
    assert.equal(kdsVcekPath(parseSnpReport(masked.evidence), 'Genoa'), undefined)
  })
})

describe('SNP expectations', () => {
  it('are read, one value or many', () => {
    assert.deepEqual(readSnpExpectations({ measurement: 'AB'.repeat(48), vmpl: 0 }), {
      measurement: ['ab'.repeat(48)],
      vmpl: [0],
    })
    assert.deepEqual(readSnpExpectations(undefined), {})
  })
  it('are refused when misspelt or of another kind, naming the field', () => {
    for (const [input, field] of [
      [{ measurment: '00' }, /measurment/],
      [{ measurement: '00' }, /measurement/],
      [{ vmpl: 4 }, /vmpl/],
      [{ minTcb: { ucode: 1 } }, /minTcb/],
      [{ minTcb: { microcode: 256 } }, /minTcb: expected .*microcode, each a whole number from 0 to 255/],
      [{ minFirmware: '1.55' }, /minFirmware/],
      [{ policy: { debug: false } }, /policy/],
      [{ platformInfo: { smtEnabled: 'no' } }, /platformInfo/],
      [{ requireChipId: 1 }, /requireChipId/],
    ] as const) {
      assert.throws(
        () => readSnpExpectations(input),
        (error: unknown) => error instanceof TypeError && field.test(error.message),
      )
    }
  })
})

it("a leaf under another name than AMD's is no leaf", () => {
  const other = makeSnp({ leafCertificate: { subject: amdName('VCEK') } })
  const verdict = verifySnpSync(other.evidence, {
    at: other.at,
    trustAnchors: [other.anchor],
    collateral: other.collateral,
    expect: other.expectations,
  })
  assert.equal(verdict.authenticity, 'refuted')
})
