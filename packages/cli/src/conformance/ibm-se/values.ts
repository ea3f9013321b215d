import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  hkdfSync,
  pbkdf2Sync,
  privateDecrypt,
} from 'node:crypto'
import {
  encodeSeAddSecretRequest,
  encodeSeExchange,
  findSeHeader,
  parseHyperProtectRecord,
  parseSeAddSecretRequest,
  parseSeExchange,
  parseSeRequest,
  readSeRequestSecrets,
  SE_EXCHANGE_PARTS,
  type SeRequestSecrets,
  seAddSecretJob,
  seMeasuredBytes,
  sePageDigests,
  seRequestJob,
} from '@sekisho/evidence/ibm-se'
import type { JsonValue } from '../case.ts'
import type { CaseFiles } from '../case-files.ts'
import { bytesMember, entriesOf, expected, type JsonRecord, listOf, member, textMember } from '../json.ts'
import { hexOrNull, readable, sha256Hex } from '../values.ts'

/** Members of a case's `expect.fields`, as found; `rows` is whether everything in files beside the case holds. */
export interface Values {
  readonly fields: JsonRecord
  readonly rows?: boolean
}

async function rowsOf(files: CaseFiles, name: string): Promise<readonly JsonValue[]> {
  return listOf(await files.needJson(name))
}

interface Gcm {
  readonly key: Uint8Array
  readonly iv: Uint8Array
  readonly aad?: Uint8Array
  readonly data: Uint8Array
}

/** Does what the package asks the platform for. */
export function openGcm({ key, iv, aad, data }: Gcm): Uint8Array | undefined {
  const cipher = createDecipheriv('aes-256-gcm', key, iv)
  cipher.setAAD(aad ?? new Uint8Array(0)).setAuthTag(data.subarray(data.length - 16))
  try {
    return new Uint8Array(Buffer.concat([cipher.update(data.subarray(0, -16)), cipher.final()]))
  } catch {
    return undefined
  }
}

/** What an attestation request holds; undefined when its tag does not hold. */
export function opened(request: Uint8Array, key: Uint8Array): SeRequestSecrets | undefined {
  const plain = openGcm(seRequestJob(parseSeRequest(request), key))
  return plain && readSeRequestSecrets(plain)
}

/** Add-secret requests, each opened and encoded again. */
export async function addSecretValues(files: CaseFiles): Promise<Values> {
  const key = await files.need('protection-key.bin')
  const rows = await rowsOf(files, 'rows.json')
  let right = true
  let first: JsonRecord = {}
  for (const [i, row] of rows.entries()) {
    const bytes = await files.needOf(row, 'file', `rows.json[${i}]`)
    const request = parseSeAddSecretRequest(bytes)
    const plain = openGcm(seAddSecretJob(request, key))
    const secret = plain?.subarray(0, plain.length - 32)
    right &&=
      hexOrNull(encodeSeAddSecretRequest(request)) === hexOrNull(bytes) &&
      bytes.length === member(row, 'size') &&
      request.slots.length === member(row, 'keySlots') &&
      request.secretKind === member(row, 'secretKind') &&
      request.flags.toString(16).padStart(16, '0') === textMember(row, 'flagsHex') &&
      hexOrNull(request.configUid) === textMember(row, 'configUidHex') &&
      hexOrNull(request.secretHeader) === textMember(row, 'secretHeaderHex') &&
      hexOrNull(secret) === (textMember(row, 'secretHex') ?? '') &&
      hexOrNull(plain?.subarray(-32)) === textMember(row, 'extensionSecretHex') &&
      (textMember(row, 'extensionSecret')?.startsWith('derived') !== true ||
        hexOrNull(derivedExtension(request.headerTag)) === textMember(row, 'extensionSecretHex'))
    const named =
      request.secretId === undefined ||
      hexOrNull(request.secretId) === sha256Hex(new TextEncoder().encode('add_secret_request'))
    first = {
      ivHex: hexOrNull(request.iv),
      pldHex: hexOrNull(request.pld),
      aldHex: hexOrNull(request.ald),
      tldHex: hexOrNull(request.tld),
      seTagHex: hexOrNull(request.headerTag),
      secretName: named ? 'add_secret_request' : null,
      rows: rows.length,
    }
    right &&= named
  }
  return { fields: first, rows: right }
}

/** The cases derive it from a customer communication key of 32 zero bytes. */
function derivedExtension(salt: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha512', new Uint8Array(32), salt, 'IBM Z Ultravisor Add-Secret', 32))
}

/** Digests of pages: encrypted as a builder does, then measured by the evidence package. */
export async function componentValues(files: CaseFiles): Promise<Values> {
  let right = true
  let pages = 0
  for (const name of ['encrypted.json', 'plain.json']) {
    const recipe = await files.needJson(name)
    const stored = listOf(member(recipe, 'components')).map((one) => {
      const filled = new Uint8Array(Number(member(one, 'length'))).fill(bytesMember(one, 'fillHex')[0] ?? 0)
      const tweak = bytesMember(one, 'tweakHex')
      const data =
        member(recipe, 'encryption') === true
          ? encrypted(filled, bytesMember(recipe, 'xtsKeyHex'), tweak)
          : padded(filled)
      return { address: BigInt(Number(member(one, 'address'))), tweak, data }
    })
    const digests = sePageDigests(stored)
    pages = digests.pages
    right &&= pages === member(recipe, 'pages') && digestsAre(digests, recipe)
    const [firstPage, lastPage] = [stored[0]?.data.subarray(0, 4096), stored.at(-1)?.data.slice(-4096)]
    if (textMember(recipe, 'firstPageSha256') !== undefined)
      right &&=
        sha256Hex(firstPage ?? new Uint8Array(0)) === textMember(recipe, 'firstPageSha256') &&
        sha256Hex(lastPage ?? new Uint8Array(0)) === textMember(recipe, 'lastPageSha256')
  }
  return { fields: { pages }, rows: right }
}

function digestsAre(digests: ReturnType<typeof sePageDigests>, expected: JsonValue): boolean {
  return (['pld', 'ald', 'tld'] as const).every(
    (name) => createHash('sha512').update(digests[name].data).digest('hex') === textMember(expected, `${name}Hex`),
  )
}

function padded(data: Uint8Array): Uint8Array {
  const whole = new Uint8Array(Math.ceil(data.length / 4096) * 4096)
  whole.set(data)
  return whole
}

function encrypted(data: Uint8Array, key: Uint8Array, tweak: Uint8Array): Uint8Array {
  const whole = padded(data)
  const first = BigInt(`0x${hexOrNull(tweak)}`)
  for (let at = 0; at < whole.length; at += 4096) {
    const cipher = createCipheriv(
      'aes-256-xts',
      key,
      Buffer.from((first + BigInt(at)).toString(16).padStart(32, '0'), 'hex'),
    )
    whole.set(cipher.update(whole.subarray(at, at + 4096)), at)
  }
  return whole
}

/** Containers, each parsed and encoded again. */
export async function exchangeValues(files: CaseFiles): Promise<Values> {
  let right = true
  const seen: Record<string, JsonValue> = {}
  for (const [i, row] of (await rowsOf(files, 'rows.json')).entries()) {
    const bytes = await files.needOf(row, 'file', `rows.json[${i}]`)
    const exchange = parseSeExchange(bytes)
    right &&=
      bytes.length === member(row, 'size') &&
      exchange.kind === textMember(row, 'kind') &&
      hexOrNull(encodeSeExchange(exchange)) === hexOrNull(bytes)
    for (const [i, entry] of listOf(member(row, 'entries')).entries()) {
      const part = SE_EXCHANGE_PARTS[i] ?? 'request'
      const { size, offset, bytes: content } = exchange.entries[part]
      const digest = content === undefined ? null : sha256Hex(content)
      right &&=
        size === member(entry, 'size') &&
        offset === member(entry, 'offset') &&
        digest === (textMember(entry, 'sha256') ?? null)
      if (content !== undefined) seen[part === 'request' ? 'arcbHex' : `${part}Hex`] ??= hexOrNull(content)
    }
  }
  return {
    fields: seen,
    rows: right && refusesDamage(await files.need('full_resp.bin'), await files.need('min_req.bin')),
  }
}

/** The refusals that the notes of the case list. */
function refusesDamage(response: Uint8Array, request: Uint8Array): boolean {
  const inverted = new Uint8Array(response)
  inverted[0] = (inverted[0] ?? 0) ^ 0xff
  const emptied = new Uint8Array(response).fill(0, 24, 32)
  return (
    [inverted, response.subarray(0, -1), emptied].every((one) => readable(() => parseSeExchange(one)) === undefined) &&
    parseSeExchange(request).kind === 'request'
  )
}

/** A record, decrypted with the sample key and parsed. */
export async function recordValues(files: CaseFiles): Promise<Values> {
  const key = createPrivateKey({
    key: Buffer.from(await files.need('private-key.pkcs8.der')),
    format: 'der',
    type: 'pkcs8',
  })
  const [, wrapped, body] = new TextDecoder()
    .decode(await files.need('se-checksums.txt.enc'))
    .trim()
    .split('.')
  // Node.js takes off no PKCS #1 v1.5 padding any more; with a published key and no oracle it can be done by hand.
  const block = privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, Buffer.from(wrapped ?? '', 'base64'))
  const password = block.subarray(block.indexOf(0, 2) + 1)
  const sealed = Buffer.from(body ?? '', 'base64')
  const derived = pbkdf2Sync(password, sealed.subarray(8, 16), 10_000, 48, 'sha256')
  const cipher = createDecipheriv('aes-256-cbc', derived.subarray(0, 32), derived.subarray(32))
  const plain = Buffer.concat([cipher.update(sealed.subarray(16)), cipher.final()])
  const record = parseHyperProtectRecord(plain.toString('utf8'))
  return {
    fields: {
      version: record.version,
      machine: record.machine,
      entries: record.entries.map((one) => ({ ...one })),
      plainSha256: sha256Hex(new Uint8Array(plain)),
    },
    rows: plain.equals(Buffer.from(await files.need('se-checksums.txt'))),
  }
}

/** Images built as the recipes say, and what is found in them. */
export async function discoveryValues(files: CaseFiles): Promise<Values> {
  let right = true
  let metadata: string | null = null
  for (const recipe of await rowsOf(files, 'recipes.json')) {
    const image = new Uint8Array(Number(member(recipe, 'size')))
    for (const piece of listOf(member(recipe, 'pieces'))) {
      const file = textMember(piece, 'file')
      image.set(
        file === undefined ? bytesMember(piece, 'hex') : await files.need(file),
        Number(member(piece, 'offset')),
      )
      metadata ??= textMember(piece, 'hex') ?? null
    }
    const found = findSeHeader(image)
    const ipibOffset = expected(recipe, 'ipibOffset')
    right &&=
      (found?.headerOffset ?? null) === (expected(recipe, 'headerOffset') ?? null) &&
      (ipibOffset === undefined || ipibOffset === found?.ipibOffset)
  }
  return { fields: { metadataHex: metadata }, rows: right }
}

/** Measurements of the rows, over the bytes that the evidence package puts together. */
export async function measurementValues(files: CaseFiles, content: JsonValue): Promise<Values> {
  const fields = expected(content, 'fields')
  const common = {
    pld: bytesMember(fields, 'pldHex'),
    ald: bytesMember(fields, 'aldHex'),
    tld: bytesMember(fields, 'tldHex'),
    tag: bytesMember(fields, 'seTagHex'),
    configUid: bytesMember(fields, 'configUidHex'),
  }
  const rows = await rowsOf(files, 'rows.json')
  const right = rows.every((row) => {
    const nonce =
      textMember(row, 'nonceHex') === undefined || textMember(row, 'nonceHex') === ''
        ? undefined
        : bytesMember(row, 'nonceHex')
    const data = seMeasuredBytes({
      ...common,
      userData: bytesMember(row, 'userDataHex'),
      nonce,
      additional: bytesMember(row, 'additionalHex'),
    })
    return (
      createHmac('sha512', bytesMember(fields, 'measurementKeyHex')).update(data).digest('hex') ===
      textMember(row, 'measurementHex')
    )
  })
  // These members of the case are the inputs of the rows: they count when every row comes out.
  const inputs = entriesOf(fields).filter(([name]) => MEASUREMENT_INPUTS.includes(name))
  return { fields: right ? Object.fromEntries(inputs) : {}, rows: right }
}

const MEASUREMENT_INPUTS: readonly string[] = [
  'measurementKeyHex',
  'pldHex',
  'aldHex',
  'tldHex',
  'seTagHex',
  'configUidHex',
]
