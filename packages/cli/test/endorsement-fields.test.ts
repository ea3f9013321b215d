import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { generateKey } from '@sekisho/emulator/kit'
import { encodeSeAddSecretRequest } from '@sekisho/evidence/ibm-se'
import { encodeIdBlock } from '@sekisho/evidence/snp'
import { ROOT, scratch } from './process.ts'
import { runWithin } from './run.ts'

const folder = scratch()
const example = (path: string): string => join(ROOT, 'examples', path)
const tdx: Readonly<Record<string, string>> = JSON.parse(readFileSync(example('tdx/collateral.json'), 'utf8'))

function saved(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

interface Shown {
  readonly form: string
  readonly fields: readonly { readonly path: string; readonly value: unknown; readonly meaning?: string }[]
}

async function shown(path: string): Promise<{ readonly form: string; readonly at: (path: string) => unknown }> {
  const ran = await runWithin(['inspect', path, '--json'])
  assert.equal(ran.code, 0, ran.err)
  const { form, fields }: Shown = JSON.parse(ran.out)
  return { form, at: (path) => fields.find((one) => one.path === path)?.value }
}

const VCEK = example('snp-genoa/certs/vcek.der')
const pem = (path: string): string =>
  `-----BEGIN CERTIFICATE-----\n${readFileSync(path).toString('base64')}\n-----END CERTIFICATE-----\n`

/** A point as Secure Execution writes it: x, then y, each padded to 80 bytes. */
function p521Point(): Uint8Array {
  const { x = '', y = '' } = generateKey('P-521').publicKey.export({ format: 'jwk' })
  const padded = (text: string): Buffer => {
    const bytes = Buffer.from(text, 'base64url')
    return Buffer.concat([Buffer.alloc(80 - bytes.length), bytes])
  }
  return Buffer.concat([padded(x), padded(y)])
}

describe('inspect of what is beside evidence', () => {
  it('shows a certificate with AMD’s extensions by name, and says that it is no evidence and not verified', async () => {
    const { form, at } = await shown(VCEK)
    assert.equal(form, 'X.509 certificate')
    assert.match(String(at('certificate.subject')), /^SEV-VCEK/)
    assert.deepEqual([at('certificate.amd.productName'), at('certificate.amd.ucodeSPL')], ['Genoa', 84])
    assert.match(String(at('certificate.amd.hwId')), /^[0-9a-f]{128}$/)
    const { out } = await runWithin(['inspect', VCEK])
    assert.match(
      out,
      /^X\.509 certificate, which is no evidence {2}\d+ bytes[\s\S]*\nDecoded only: nothing here is verified/,
    )
    assert.match(out, /\n {10}amd\n/)
  })

  it('shows certificates in PEM with the words that a tool wrote around them', async () => {
    const words = `\ufeffCertificate:\n    Data:\n        Version: 3\n${pem(VCEK)}subject=next\n${pem(VCEK)}`
    const { form, at } = await shown(saved('words.pem', words))
    assert.equal(form, 'X.509: 2 certificates')
    assert.match(String(at('certificate2.subject')), /^SEV-VCEK/)
  })

  it('shows Intel’s extension of a PCK certificate, and lists, in chains of PEM', async () => {
    const quote = readFileSync(example('tdx/quote.bin')).toString('latin1')
    const chain = /-----BEGIN CERTIFICATE-----[\s\S]*-----END CERTIFICATE-----/.exec(quote)?.[0] ?? assert.fail()
    const list = `-----BEGIN X509 CRL-----\n${Buffer.from(tdx['pck_crl'] ?? '', 'hex').toString('base64')}\n-----END X509 CRL-----\n`
    const { form, at } = await shown(saved('chain.pem', `${chain}\n${list}`))
    assert.equal(form, 'X.509: 3 certificates, 1 crls')
    assert.match(String(at('certificate1.sgx.fmspc')), /^[0-9a-f]{12}$/)
    assert.equal(typeof at('certificate1.sgx.pceSvn'), 'number')
    assert.equal(typeof at('crl4.revokedCount'), 'number')
    assert.match(String(at('crl4.nextUpdate')), /^\d{4}-\d\d-\d\dT/)
  })

  it('shows a host’s certificate table, an ID block and its authentication', async () => {
    const table = await shown(example('snp-genoa/certificate-table.bin'))
    assert.equal(table.form, 'SEV-SNP certificate table')
    assert.deepEqual([table.at('vcek.guid'), table.at('vcek.amd.snpSPL')], ['63da758d-e664-4564-adc5-f4b93be8accd', 24])
    const bytes = (size: number, value: number): Uint8Array => new Uint8Array(size).fill(value)
    const block = encodeIdBlock({
      launchDigest: bytes(48, 1),
      familyId: bytes(16, 2),
      imageId: bytes(16, 3),
      version: 1,
      guestSvn: 7,
      policy: 0x30000n,
    })
    const { form, at } = await shown(saved('id-block.bin', block))
    assert.deepEqual([form, at('idBlock.guestSvn'), at('idBlock.policy')], ['SEV-SNP ID block', 7, '0x30000'])
    const auth = new Uint8Array(4096)
    auth.set([1], 0)
    assert.equal((await shown(saved('id-auth.bin', auth))).at('idAuth.authorKeyAlgo'), 0)
  })

  it('diff compares two of them by field', async () => {
    const ask = example('snp-genoa/certs/ask.der')
    assert.equal((await runWithin(['diff', VCEK, saved('same.pem', pem(VCEK))])).code, 0)
    const { code, out } = await runWithin(['diff', VCEK, ask])
    assert.equal(code, 1)
    assert.match(out, /certificate\.subject/)
    assert.match(out, /certificate\.amd\.ucodeSPL/)
  })

  it('what is none of them, or damaged, is refused as before', async () => {
    const cut = readFileSync(VCEK).subarray(0, 500)
    for (const content of [cut, new Uint8Array(96), new Uint8Array(4096), pem(VCEK).replace('MII', '!II')]) {
      const ran = await runWithin(['inspect', saved('none.bin', content)])
      assert.equal(ran.code, 3, ran.out)
    }
  })

  it('refuses more certificates than it shows: the rest was left out in silence', async () => {
    const many = await runWithin(['inspect', saved('many.pem', pem(VCEK).repeat(65))])
    assert.deepEqual([many.code, /65 blocks of PEM; expected at most 64$/m.test(many.err)], [3, true], many.err)
    assert.equal((await shown(saved('most.pem', pem(VCEK).repeat(64)))).form, 'X.509: 64 certificates')
  })

  it('shows what an add-secret request says in the clear, names the field of a malformed one, and compares two', async () => {
    const made = {
      ...{ userDataKind: 1, iv: new Uint8Array(12), flags: 1n << 63n, configUid: new Uint8Array(16).fill(7) },
      ...{ pld: new Uint8Array(64).fill(1), ald: new Uint8Array(64).fill(2), tld: new Uint8Array(64).fill(3) },
      ...{ headerTag: new Uint8Array(16).fill(9), userData: new Uint8Array(512), customerKey: p521Point() },
      slots: [4, 5].map((byte) => ({
        ...{ hostKeyHash: new Uint8Array(32).fill(byte), wrappedKey: new Uint8Array(32), tag: new Uint8Array(16) },
      })),
      secretHeader: Buffer.concat([Uint8Array.of(0, 0, 0, 2, 0, 0, 0, 32), new Uint8Array(8), Buffer.alloc(32, 6)]),
      ...{ encrypted: new Uint8Array(64), tag: new Uint8Array(16).fill(8) },
    }
    const request = saved('request.bin', encodeSeAddSecretRequest(made))
    const { form, at } = await shown(request)
    assert.equal(form, 'IBM Secure Execution add-secret request')
    assert.deepEqual(
      ['headerTag', 'configUid', 'hostKeyHash.2', 'secretKind', 'secretLength', 'secretId', 'tag'].map((name) =>
        at(`addSecret.${name}`),
      ),
      ['09'.repeat(16), '07'.repeat(16), '05'.repeat(32), 2, 32, '06'.repeat(32), '08'.repeat(16)],
    )
    assert.match(
      (await runWithin(['inspect', request])).out,
      /no dumping from now on[\s\S]*secretKind +2 {2}association/,
    )
    const other = saved('other.bin', encodeSeAddSecretRequest({ ...made, headerTag: new Uint8Array(16) }))
    const differing = await runWithin(['diff', request, other])
    assert.equal(differing.code, 1)
    assert.match(differing.out, /headerTag/)
    const short = await runWithin(['inspect', saved('short.bin', encodeSeAddSecretRequest(made).subarray(0, 700))])
    assert.deepEqual([short.code, /addSecret\.size/.test(short.err)], [3, true], short.err)
  })
})
