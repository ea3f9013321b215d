import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createMemory, type Verdict } from '@sekisho/evidence'
import { type AzureVerifyOptions, verifyAzureSync } from '@sekisho/evidence/azure'
import { prepareArmEndorsements, verifyCcaSync } from '@sekisho/evidence/cca'
import { verifyNitroSync } from '@sekisho/evidence/nitro'
import {
  type NvidiaCollateralInput,
  nvidiaCheckIds,
  prepareNvidiaCollateral,
  verifyNvidiaSync,
} from '@sekisho/evidence/nvidia'
import { prepareSnpCollateral } from '@sekisho/evidence/snp'
import { parsePublic, publicKeyOf, spkiOf, verifyTpmSync } from '@sekisho/evidence/tpm'
import { type MadeChecks, madeBound } from './made-bound.ts'
import { compare, type Measured } from './measure.ts'
import { type Row, speedRow } from './rows.ts'

/** One state of one TEE: its work, and the signatures that the work cannot go without. */
interface Subject {
  readonly what: string
  readonly run: () => Verdict
  readonly bound: readonly MadeChecks[]
  readonly target: number
}

/**
 * Nitro, CCA, TPM, Azure and NVIDIA against their bounds, on shared vectors. Cold: only roots and enrolled keys are
 * known. Steady: what is the same since the platform's boot is remembered.
 */
export async function furtherRows(vectors: string): Promise<readonly Row[]> {
  const subjects = [...nitro(vectors), ...cca(vectors), ...tpm(vectors), ...azure(vectors), ...nvidia(vectors)]
  const rows: Row[] = []
  for (const { what, run, bound, target } of subjects) {
    const work = (): void => {
      const { authenticity, summary } = run()
      if (authenticity !== 'proven') throw new Error(`${what}: the sample does not verify: ${summary}`)
    }
    const contenders = [madeBound(bound), { name: 'sekisho', run: work }]
    const [against, ours] = (await compare(contenders)) as [Measured, Measured]
    rows.push(speedRow(`${what} / bound`, ours, against, target))
  }
  return rows
}

/** The case whose time the peers are told too. */
export const NITRO: { readonly folder: string; readonly at: Date } = {
  folder: 'aws-nitro/evervault-cert-embedded-2023',
  at: new Date('2023-01-18T13:07:20Z'),
}

function nitro(vectors: string): readonly Subject[] {
  const evidence = reader(vectors, NITRO.folder)('evidence.bin')
  const { at } = NITRO
  const memory = createMemory()
  const checks = { kind: 'P-384', bytes: 1000 } as const
  return [
    {
      what: 'nitro cold',
      run: () => verifyNitroSync(evidence, { at }),
      bound: [{ ...checks, count: 5, imports: 5 }],
      target: 0.9,
    },
    {
      what: 'nitro steady',
      run: () => verifyNitroSync(evidence, { at, memory }),
      bound: [{ ...checks, bytes: 4500, count: 1, imports: 0 }],
      target: 0.9,
    },
  ]
}

function cca(vectors: string): readonly Subject[] {
  const read = reader(vectors, 'arm-cca/ffm-00-profile-2023')
  const token = read('token.cbor')
  const at = new Date('2024-06-01T00:00:00Z')
  const endorsements = { keys: read('platform-key.jwk.json').toString('utf8') }
  const prepared = prepareArmEndorsements(endorsements)
  const memory = createMemory()
  const checks = { kind: 'P-384', bytes: 1000 } as const
  return [
    {
      what: 'cca cold',
      run: () => verifyCcaSync(token, { at, endorsements }),
      bound: [{ ...checks, count: 2, imports: 2 }],
      target: 0.8,
    },
    {
      what: 'cca steady',
      run: () => verifyCcaSync(token, { at, endorsements: prepared, memory }),
      bound: [{ ...checks, count: 1, imports: 0 }],
      target: 0.8,
    },
  ]
}

function tpm(vectors: string): readonly Subject[] {
  const read = reader(vectors, 'tpm/gce-cos85-nonce')
  const evidence = {
    message: read('sha256-quote.msg'),
    signature: read('sha256-quote.sig'),
    pcrs: JSON.parse(read('pcrs.json').toString('utf8')) as Record<string, Record<string, string>>,
    certificates: ['ak', 'intermediate', 'root'].map((name) => read(`certs/${name}.der`)),
  }
  const at = new Date('2022-06-01T00:00:00Z')
  const memory = createMemory()
  const made = reader(vectors, 'tpm/synthetic/ecdsa-p256')
  const akPublic = made('ak-public.tpmt')
  const enrolled = {
    message: made('quote.msg'),
    signature: made('quote.sig'),
    pcrs: JSON.parse(made('pcrs.json').toString('utf8')) as Record<string, Record<string, string>>,
    akPublic,
  }
  const anchor = {
    id: 'bench-ak',
    name: 'an enrolled key',
    vendor: 'bench',
    spkiSha256: createHash('sha256')
      .update(spkiOf(publicKeyOf(parsePublic(akPublic))))
      .digest('hex'),
    emulated: true,
  }
  return [
    {
      what: 'tpm cold, RSA with chain',
      run: () => verifyTpmSync(evidence, { at }),
      bound: [
        { kind: 'RSA-4096', bytes: 1000, count: 1, imports: 1 },
        { kind: 'RSA-2048', bytes: 1000, count: 2, imports: 2 },
      ],
      target: 0.8,
    },
    {
      what: 'tpm steady, RSA with chain',
      run: () => verifyTpmSync(evidence, { at, memory }),
      bound: [{ kind: 'RSA-2048', bytes: 145, count: 1, imports: 0 }],
      target: 0.8,
    },
    {
      what: 'tpm, enrolled P-256 key',
      run: () => verifyTpmSync(enrolled, { at, memory, trustAnchors: [anchor], expect: { allowEmulated: true } }),
      bound: [{ kind: 'P-256', bytes: 145, count: 1, imports: 1 }],
      target: 0.8,
    },
  ]
}

function azure(vectors: string): readonly Subject[] {
  const read = reader(vectors, 'azure-vtpm/milan-json-v1')
  const evidence = {
    hclReport: read('hcl-report.bin'),
    quote: {
      message: read('tpm-quote.msg'),
      signature: read('tpm-quote.sig'),
      pcrs: JSON.parse(read('pcrs.json').toString('utf8')) as Record<string, Record<string, string>>,
    },
    vcek: read('certs/vcek.der'),
  }
  const chain = { ask: read('certs/ask.der'), ark: read('certs/ark.der') }
  const common = { at: new Date('2025-06-01T00:00:00Z'), waive: ['snp.crl.present'] }
  const cold: AzureVerifyOptions = { ...common, collateral: { snp: chain } }
  const steady: AzureVerifyOptions = {
    ...common,
    collateral: { snp: prepareSnpCollateral({ ...chain, vcek: evidence.vcek }) },
    memory: createMemory(),
  }
  const quote = { kind: 'RSA-2048', bytes: 145, count: 1 } as const
  return [
    {
      what: 'azure cold',
      run: () => verifyAzureSync(evidence, cold),
      bound: [
        { kind: 'RSA-4096-PSS', bytes: 1200, count: 3, imports: 2 },
        { kind: 'P-384', bytes: 0x2a0, count: 1, imports: 1 },
        { ...quote, imports: 1 },
      ],
      target: 0.8,
    },
    {
      what: 'azure steady',
      run: () => verifyAzureSync(evidence, steady),
      bound: [{ ...quote, imports: 0 }],
      target: 0.8,
    },
  ]
}

function nvidia(vectors: string): readonly Subject[] {
  const read = reader(vectors, 'nvidia-gpu/hopper-550-full')
  const report = read('report.bin')
  const collateral: NvidiaCollateralInput = {
    certificateChain: read('cert-chain.pem'),
    driverRim: read('driver-rim.xml'),
    vbiosRim: read('vbios-rim.xml'),
  }
  const prepared = prepareNvidiaCollateral(collateral)
  const common = {
    at: new Date('2025-08-21T07:00:00Z'),
    waive: nvidiaCheckIds('waivable').filter((id) => id.endsWith('.present')),
  }
  const memory = createMemory()
  const checks = { kind: 'P-384', bytes: 1000 } as const
  return [
    {
      // Report, 4 certificates below the device root; two manifests, 4 certificates below their root.
      what: 'nvidia cold',
      run: () => verifyNvidiaSync(report, { ...common, collateral }),
      bound: [{ ...checks, count: 11, imports: 10 }],
      target: 0.8,
    },
    {
      what: 'nvidia steady',
      run: () => verifyNvidiaSync(report, { ...common, collateral: prepared, memory }),
      bound: [{ ...checks, bytes: 5000, count: 1, imports: 0 }],
      target: 0.8,
    },
  ]
}

function reader(vectors: string, folder: string): (file: string) => Buffer {
  return (file) => readFileSync(join(vectors, folder, file))
}
