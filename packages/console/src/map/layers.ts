import type { Tee } from '@sekisho/evidence'

/** Layers of a platform, each resting on the one before it. */
export const LAYERS = ['silicon', 'firmware', 'isolation', 'workload', 'runtime', 'conversation'] as const

/** One of {@link LAYERS}. */
export type LayerId = (typeof LAYERS)[number]

/** Evidence whose checks have another word before the first dot of their ids than the TEE's name. */
interface Renamed {
  readonly 'azure-vtpm': 'azure'
  readonly 'nvidia-gpu': 'nvidia'
  readonly 'sgx-epid': 'ias'
}

/** What stands before the first dot in ids of checks: a TEE, or several pieces of evidence together. */
export type CheckKind = { [T in Tee]: T extends keyof Renamed ? Renamed[T] : T }[Tee] | 'composite'

/**
 * Checks by the layer they are about. A name is an id without its kind, or the first parts of ids of a group; the
 * longest that fits counts. Where a chain ends is about whoever signed, whatever it was that they signed.
 */
export type LayerTable = Readonly<Partial<Record<LayerId, readonly string[]>>>

const DCAP = {
  silicon: ['crl', 'pck', 'platform.hardware', 'qe-identity.signer.root', 'quote', 'tcb-info.signer.root'],
  firmware: ['platform', 'qe', 'qe-identity', 'tcb', 'tcb-info'],
  workload: ['expect'],
  conversation: ['expect.freshness', 'expect.report-data', 'qe.report-data'],
} as const satisfies LayerTable

/** The layers of all checks. */
export const LAYERS_OF_CHECKS: Readonly<Record<CheckKind, LayerTable>> = {
  sgx: { ...DCAP, isolation: ['enclave'] },
  tdx: {
    ...DCAP,
    firmware: [...DCAP.firmware, 'expect.seam', 'module', 'td.tee-tcb-svn'],
    isolation: ['td'],
    runtime: ['event-log', 'expect.rtmr0', 'expect.rtmr1', 'expect.rtmr2', 'expect.rtmr3'],
  },
  snp: {
    silicon: ['ark', 'chain', 'chip-id', 'crl', 'hardware', 'intermediate', 'leaf', 'report'],
    firmware: [
      ...['expect.committed-firmware', 'expect.min-firmware', 'expect.min-tcb', 'expect.mitigations'],
      ...['expect.platform-info', 'tcb'],
    ],
    isolation: ['debug', 'expect.policy', 'expect.vmpl', 'guest-requested', 'migration'],
    workload: ['expect', 'id-block'],
    conversation: ['expect.freshness', 'expect.report-data'],
  },
  sev: {
    silicon: ['ark', 'ask', 'cek', 'certificates', 'chain', 'hardware', 'launch', 'oca', 'pdh', 'pek', 'report'],
    firmware: ['expect.firmware'],
    isolation: ['debug', 'expect.policy'],
    workload: ['expect', 'guest', 'policy'],
    conversation: ['expect.freshness'],
  },
  nitro: {
    silicon: ['chain', 'document', 'hardware', 'intermediates', 'leaf', 'root'],
    isolation: ['debug'],
    workload: ['expect'],
    runtime: ['expect.pcrs', 'expect.runtime-pcrs'],
    conversation: ['expect.freshness', 'expect.public-key', 'expect.user-data'],
  },
  cca: {
    silicon: ['endorsements', 'hardware', 'key', 'key-attestation', 'realm'],
    firmware: ['platform'],
    isolation: ['lifecycle'],
    workload: ['expect', 'reference'],
    runtime: ['expect.rem0', 'expect.rem1', 'expect.rem2', 'expect.rem3'],
    conversation: ['expect.freshness', 'expect.report-data'],
  },
  psa: {
    silicon: ['endorsements', 'hardware', 'key', 'signature'],
    isolation: ['lifecycle'],
    workload: ['expect', 'instance-id'],
    conversation: ['expect.freshness', 'expect.report-data'],
  },
  tpm: {
    silicon: ['ak', 'chain', 'quote'],
    firmware: ['expect.firmware'],
    isolation: ['expect.no-debugging'],
    workload: ['expect'],
    runtime: [
      ...['expect.base-pcrs', 'expect.clock', 'expect.elam', 'expect.hvci', 'expect.open-pcrs', 'expect.pcrs'],
      ...['expect.resets', 'expect.secure-boot', 'expect.vbs', 'log', 'pcr'],
    ],
    conversation: ['expect.freshness', 'expect.report-data', 'expect.selection', 'quote.selection'],
  },
  azure: {
    silicon: ['accept.hardware', 'binding', 'claims', 'hardware', 'paravisor', 'part', 'quote', 'td-report'],
    workload: ['accept', 'expect'],
    runtime: ['expect.vm-id'],
    conversation: ['expect.user-data'],
  },
  nvidia: {
    silicon: ['chain', 'hardware', 'ocsp', 'report', 'rim.driver.chain.root', 'rim.vbios.chain.root'],
    firmware: ['expect.driver', 'expect.vbios', 'rim'],
    isolation: ['debug', 'expect.mode', 'mode', 'node.mode'],
    workload: ['expect', 'measurements', 'node'],
    conversation: [
      ...['expect.freshness', 'chain.ocsp.nonce', 'rim.driver.chain.ocsp.nonce', 'rim.vbios.chain.ocsp.nonce'],
      'node.nonce',
    ],
  },
  'ibm-se': {
    silicon: [
      ...['additional', 'attestation-key', 'chain', 'files', 'hardware', 'header', 'hkd', 'image-key', 'measurement'],
      ...['request', 'response', 'root', 'signing-key'],
    ],
    workload: ['expect', 'guest'],
    conversation: ['expect.freshness', 'expect.user-data'],
  },
  token: {
    silicon: [
      ...['alg', 'chain', 'crit', 'hardware', 'issuer', 'key', 'keys', 'kid', 'mandatory', 'profile', 'signature'],
      ...['submodules', 'time'],
    ],
    firmware: ['tcb'],
    isolation: ['debug', 'submodules.debug'],
    workload: ['binding', 'expect', 'isolation', 'judgement', 'results'],
    runtime: ['expect.rtmr0', 'expect.rtmr1', 'expect.rtmr2', 'expect.rtmr3'],
    conversation: ['expect.audience', 'expect.freshness', 'expect.report-data'],
  },
  ias: {
    silicon: ['chain', 'crl', 'hardware', 'quote', 'signature', 'time'],
    firmware: ['tcb'],
    isolation: ['debug'],
    workload: ['expect', 'tls-key'],
    conversation: ['expect.freshness', 'expect.report-data'],
  },
  composite: {
    workload: ['accepted', 'binding', 'distinct', 'genuine', 'wrapper'],
    conversation: ['freshness'],
  },
}

const tables = new Map<CheckKind, ReadonlyMap<string, LayerId>>()

/** The layer that the table has for a check; undefined for one that it does not know. */
export function listedLayer(id: string): LayerId | undefined {
  const [kind = '', ...parts] = id.split('.')
  if (!isKind(kind)) return undefined
  const table = tableOf(kind)
  for (let count = parts.length; count > 0; count--) {
    const layer = table.get(parts.slice(0, count).join('.'))
    if (layer !== undefined) return layer
  }
  return undefined
}

function tableOf(kind: CheckKind): ReadonlyMap<string, LayerId> {
  const known = tables.get(kind)
  if (known !== undefined) return known
  const { [kind]: table } = LAYERS_OF_CHECKS
  const made = new Map(LAYERS.flatMap((layer) => (table[layer] ?? []).map((name) => [name, layer] as const)))
  tables.set(kind, made)
  return made
}

function isKind(kind: string): kind is CheckKind {
  return Object.hasOwn(LAYERS_OF_CHECKS, kind)
}
