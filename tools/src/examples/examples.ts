import {
  createAmdAuthority,
  createIntelAuthority,
  type DcapCollateralJson,
  digest,
  EXAMPLE_PLATFORM,
  exampleLevels,
  generateKey,
  type IntelOptions,
  makeSgx,
  makeSnp,
  makeTdx,
  type PckFields,
  type PlatformLevel,
  toHex,
  utf8,
  type Window,
} from '@sekisho/emulator/kit'
import { EXAMPLES_README } from './readme.ts'

/** Files of the examples by their path. */
export type ExampleFiles = ReadonlyMap<string, string | Uint8Array>

// Examples are to verify on the day somebody tries them, whenever that is.
const WINDOW: Window = { from: new Date('2025-01-01T00:00:00Z'), to: new Date('2049-12-31T23:59:59Z') }

const measurementOf = (label: string, algorithm: 'sha256' | 'sha384'): string => toHex(digest(algorithm, utf8(label)))

/** Makes all examples under roots of their own, whose keys are forgotten with the process. */
export function makeExamples(): ExampleFiles {
  const files = new Map<string, string | Uint8Array>()
  const intel = { authority: createIntelAuthority(), window: WINDOW }
  const amd = createAmdAuthority('Genoa', { bits: 4096, label: `examples ${generateKey('P-256').spki.join()}` })
  addSgx(files, intel)
  addTdx(files, intel)
  addOutOfDate(files, intel)
  addDebug(files, intel)

  const nonce = digest('sha256', utf8('nonce of the SNP example'))
  const snp = makeSnp({
    authority: amd,
    window: WINDOW,
    nonce,
    report: { measurement: measurementOf('SNP guest', 'sha384') },
  })
  files.set('snp-genoa/report.bin', snp.evidence)
  files.set('snp-genoa/certificate-table.bin', snp.certificateTable)
  for (const [name, der] of Object.entries(snp.certificates)) files.set(`snp-genoa/certs/${name}.der`, der)
  files.set('snp-genoa/crl.der', snp.crl)
  files.set('snp-genoa/expect.yaml', expectYaml(snp.expectations))

  files.set('expect-nothing.yaml', `${NOT_HARDWARE}allowEmulated: true\n`)
  files.set('example-root.json', `${JSON.stringify([intel.authority.anchor, amd.anchor], null, 2)}\n`)
  files.set('README.md', EXAMPLES_README)
  return files
}

type Files = Map<string, string | Uint8Array>

function addSgx(files: Files, intel: IntelOptions): void {
  const nonce = digest('sha256', utf8('nonce of the SGX example'))
  const enclave = { mrEnclave: measurementOf('enclave', 'sha256'), mrSigner: measurementOf('enclave signer', 'sha256') }
  const sgx = makeSgx({ ...intel, nonce, enclave })
  files.set('sgx/quote.bin', sgx.evidence)
  files.set('sgx/collateral.json', collateralJson(sgx.collateral))
  files.set('sgx/expect.yaml', expectYaml(sgx.expectations))
}

function addTdx(files: Files, intel: IntelOptions): void {
  const nonce = digest('sha256', utf8('nonce of the TDX example'))
  const tdx = makeTdx({ ...intel, nonce, td: { mrTd: measurementOf('firmware', 'sha384') } })
  files.set('tdx/quote.bin', tdx.evidence)
  files.set('tdx/collateral.json', collateralJson(tdx.collateral))
  files.set('tdx/ccel.bin', tdx.eventLog)
  files.set('tdx/expect.yaml', expectYaml(tdx.expectations))
}

const SEAM_LOADER = 7

/** A platform whose SEAM loader is two versions behind the current level. */
function addOutOfDate(files: Files, intel: IntelOptions): void {
  const nonce = digest('sha256', utf8('nonce of the out-of-date example'))
  const components = EXAMPLE_PLATFORM.components.map((svn, i) => (i === SEAM_LOADER ? 3 : svn))
  const behind: PckFields = { ...EXAMPLE_PLATFORM, components }
  const [current] = exampleLevels('TDX', EXAMPLE_PLATFORM) as readonly [PlatformLevel]
  const old: PlatformLevel = {
    ...current,
    components,
    tcbDate: '2025-03-05T00:00:00Z',
    tcbStatus: 'OutOfDate',
    advisoryIDs: ['EXAMPLE-SA-00001', 'EXAMPLE-SA-00002'],
  }
  const td = { mrTd: measurementOf('firmware', 'sha384') }
  const tdx = makeTdx({ ...intel, nonce, td, pck: behind, tcbInfo: { levels: [current, old] } })
  files.set('tdx-out-of-date/quote.bin', tdx.evidence)
  files.set('tdx-out-of-date/collateral.json', collateralJson(tdx.collateral))
  files.set('tdx-out-of-date/expect.yaml', expectYaml(tdx.expectations))
}

/** A TD that its host may debug. */
function addDebug(files: Files, intel: IntelOptions): void {
  const nonce = digest('sha256', utf8('nonce of the debug example'))
  const td = { mrTd: measurementOf('firmware', 'sha384'), tdAttributes: '0100001000000000' }
  const tdx = makeTdx({ ...intel, nonce, td })
  files.set('tdx-debug/quote.bin', tdx.evidence)
  files.set('tdx-debug/collateral.json', collateralJson(tdx.collateral))
  files.set('tdx-debug/expect.yaml', expectYaml(tdx.expectations))
}

const NOT_HARDWARE = `# The examples are signed by an example authority, not by hardware. Never in production:
`

function expectYaml(expectations: Readonly<Record<string, unknown>>): string {
  const { allowEmulated: _, nonce, ...rest } = expectations
  const lines = Object.entries(rest).map(([name, value]) => `${name}:${yamlOf(value)}\n`)
  return `# What this example is expected to be.
${lines.join('')}# In production, a value that you choose at random for each exchange.
nonce: "${nonce}"
${NOT_HARDWARE}allowEmulated: true
`
}

function yamlOf(value: unknown): string {
  if (Array.isArray(value)) return value.map((one) => `\n  - ${JSON.stringify(one)}`).join('')
  if (typeof value !== 'object' || value === null) return ` ${JSON.stringify(value)}`
  return Object.entries(value)
    .map(([name, one]) => `\n  ${name}: ${JSON.stringify(one)}`)
    .join('')
}

function collateralJson(collateral: DcapCollateralJson): string {
  return `${JSON.stringify(collateral, null, 2)}\n`
}
