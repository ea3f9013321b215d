import { isObject, type Json, type JsonObject, memberOf, textOf } from '../core/json.ts'
import { deniesDisabled, type Guest, hexOf, integerOf, NOTHING, type Statement } from './statement-model.ts'
import { tdx } from './tdx.ts'

/**
 * Reads the claims of Microsoft Azure Attestation. Debugging is off only where the service says so: an absent claim must not
 * pass for a good one.
 */
export function azure(claims: JsonObject): Statement {
  const tee = memberOf(claims, 'x-ms-isolation-tee')
  const from: Json = isObject(tee) ? tee : claims
  const type = textOf(from, 'x-ms-attestation-type') ?? ''
  const hardware = azureHardware(type, from)
  const debug = hardware.debug !== false || deniesDisabled(claims, from)
  const found = {
    ...NOTHING,
    ...hardware,
    debug,
    attested: type,
    nonces: azureNonces(claims),
    guest: guestOf(claims),
    policyHash: textOf(claims, 'x-ms-policy-hash'),
    compliance: textOf(from, 'x-ms-compliance-status'),
  }
  return { ...found, missing: found.isolation !== 'none' && found.measurement === '' ? 'the measurement' : undefined }
}

function azureHardware(type: string, from: Json): Partial<Statement> {
  const snp = (name: string): Json | undefined => memberOf(from, `x-ms-sevsnpvm-${name}`)
  if (type === 'sgx')
    return {
      isolation: 'process',
      debug: memberOf(from, 'x-ms-sgx-is-debuggable') !== false,
      measurement: hexOf(memberOf(from, 'x-ms-sgx-mrenclave')),
      signer: hexOf(memberOf(from, 'x-ms-sgx-mrsigner')),
      svn: integerOf(memberOf(from, 'x-ms-sgx-svn')),
      productId: integerOf(memberOf(from, 'x-ms-sgx-product-id')),
      reportData: hexOf(memberOf(from, 'x-ms-sgx-report-data')),
      hostData: hexOf(memberOf(from, 'x-ms-sgx-config-id')),
    }
  if (type === 'sevsnpvm')
    return {
      isolation: 'vm',
      debug: snp('is-debuggable') !== false,
      measurement: hexOf(snp('launchmeasurement')),
      signer: hexOf(snp('idkeydigest')),
      svn: integerOf(snp('guestsvn')),
      reportData: hexOf(snp('reportdata')),
      hostData: hexOf(snp('hostdata')),
      svns: svnsOf(snp),
      objections: snpObjections(snp('vmpl'), snp('migration-allowed')),
    }
  return type === 'tdxvm' ? tdx(from) : {}
}

// Of a report that comes itself, either is refused unless it is allowed by name.
function snpObjections(vmpl: Json | undefined, migration: Json | undefined): readonly string[] {
  return [
    ...(vmpl === undefined || vmpl === 0 ? [] : ['the report was asked for at another VMPL than 0']),
    ...(migration === undefined || migration === false ? [] : ['a migration agent may move the guest']),
  ]
}

const SVNS = { bootloader: 'bootloader-svn', tee: 'tee-svn', snp: 'snpfw-svn', microcode: 'microcode-svn' } as const

function svnsOf(snp: (name: string) => Json | undefined): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(SVNS).flatMap(([part, name]) => {
      const value = integerOf(snp(name))
      return value === undefined ? [] : [[part, value]]
    }),
  )
}

const BAD_IF_ON = ['bootdebug', 'hypervisordebug', 'kerneldebug', 'testsigning'].map(
  (one) => `x-ms-azurevm-${one}-enabled`,
)
const BAD_IF_OFF = ['x-ms-azurevm-debuggersdisabled']

// Only machines of the kind `azurevm` have these; what is absent says nothing, what is no truth value says nothing good.
function guestOf(claims: JsonObject): Guest | undefined {
  if (textOf(claims, 'x-ms-attestation-type') !== 'azurevm') return undefined
  const secureBoot = memberOf(claims, 'secureboot')
  const debuggable = [...BAD_IF_ON, ...BAD_IF_OFF].filter((name) => {
    const value = memberOf(claims, name)
    return value !== undefined && value !== BAD_IF_OFF.includes(name)
  })
  return { secureBoot: secureBoot === undefined ? undefined : secureBoot === true, debuggable }
}

function azureNonces(claims: JsonObject): readonly string[] {
  const given = [textOf(claims, 'nonce'), textOf(claims, 'x-ms-runtime', 'client-payload', 'nonce')]
  return given.filter((one) => one !== undefined)
}
