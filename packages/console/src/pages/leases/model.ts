/** How a lease stands. */
export type LeaseStanding = 'live' | 'revoked' | 'expired'

/** A lease as the API tells it. */
export interface Lease {
  readonly id: string
  readonly resource: string
  readonly state: LeaseStanding
  readonly created: string
  readonly expires: string
  readonly ended?: string
  readonly endedReason?: string
  readonly appraisal: string
  /** Of the release. */
  readonly decision: string
  readonly tee: string
  readonly product?: string
  readonly hardwareId?: string
  /** The set of reference values that the workload met. */
  readonly referenceSet?: string
  readonly emulated: boolean
}

/** A live lease that an advisory or a forecast concerns, as the API tells it. */
export interface AffectedLease
  extends Pick<Lease, 'resource' | 'tee' | 'product' | 'hardwareId' | 'expires' | 'emulated'> {
  readonly lease: string
  /** Not yet, but by a TCB level to come. */
  readonly forecast?: boolean
  /** Of a forecast. */
  readonly code?: string
  readonly reasons?: readonly string[]
}

/** What lists of leases show. */
export interface Held
  extends Pick<Lease, 'id' | 'resource' | 'state' | 'tee' | 'product' | 'hardwareId' | 'referenceSet'> {
  readonly expires: string
  readonly emulated: boolean
  readonly ended?: string
  readonly endedReason?: string
  readonly code?: string
  readonly reasons?: readonly string[]
}

/** An affected lease, for a list: it was live when the API told of it. */
export function heldOf({ lease, forecast: _forecast, ...about }: AffectedLease): Held {
  return { ...about, id: lease, state: 'live' }
}

/** An advisory as the API takes and tells it. */
export interface Advisory {
  readonly id: string
  readonly vendor: string
  readonly products?: readonly string[]
  readonly tcb?: Readonly<Record<string, number>>
  readonly published: string
  readonly note?: string
}

/** How a lease stands at a time: one whose time is over has expired, whether or not the server has written that down. */
export function standingAt({ state, expires }: Pick<Lease, 'state' | 'expires'>, now: number): LeaseStanding {
  return state === 'live' && Date.parse(expires) < now ? 'expired' : state
}

/** Time that is left, always as long: `00:59:12`, with days before it where there are some; undefined when it is over. */
export function timeLeft(expires: string, now: number): string | undefined {
  const seconds = Math.floor((Date.parse(expires) - now) / 1000)
  if (!(seconds >= 0)) return undefined
  const two = (value: number): string => String(value).padStart(2, '0')
  const days = Math.floor(seconds / 86_400)
  const clock = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(':')
  return days === 0 ? clock : `${days} d ${clock}`
}

/** What people call a TEE. */
export function teeName(tee: string): string {
  return TEES[tee] ?? tee
}

const TEES: Readonly<Record<string, string>> = {
  snp: 'AMD SEV-SNP',
  sev: 'AMD SEV',
  tdx: 'Intel TDX',
  sgx: 'Intel SGX',
  nitro: 'AWS Nitro',
  cca: 'Arm CCA',
  psa: 'Arm PSA',
  tpm: 'TPM 2.0',
  'az-snp-vtpm': 'Azure SEV-SNP vTPM',
  'az-tdx-vtpm': 'Azure TDX vTPM',
  'ibm-se': 'IBM Secure Execution',
  'nvidia-gpu': 'NVIDIA GPU',
}

/** One line of a form: a lowest level of one part, of one product where that is asked. */
export interface LevelRow {
  readonly product: string
  readonly part: string
  readonly level: string
}

/** Parts of the TCB of AMD's processors. */
export const PARTS: readonly string[] = ['bootloader', 'tee', 'snp', 'microcode', 'fmc']

/** Product generations that AMD's TCB levels are told of. */
export const PRODUCTS: readonly string[] = ['Milan', 'Genoa', 'Turin']

/** Levels by part; undefined when a row has only one of the two, or no whole number up to 65,535. Empty rows are passed over. */
export function levelsOf(rows: readonly LevelRow[]): Readonly<Record<string, number>> | undefined {
  const levels: Record<string, number> = {}
  for (const { part, level } of rows) {
    if (part === '' && level === '') continue
    if (!/^[A-Za-z0-9]{1,32}$/.test(part) || !/^\d{1,5}$/.test(level) || Number(level) > 65_535) return undefined
    levels[part] = Number(level)
  }
  return levels
}

/** Levels by product and part, as a forecast takes them; undefined as {@link levelsOf}, and for a row without its product. */
export function levelsByProduct(
  rows: readonly LevelRow[],
): Readonly<Record<string, Readonly<Record<string, number>>>> | undefined {
  const given = rows.filter(({ part, level }) => part !== '' || level !== '')
  const all: Record<string, Readonly<Record<string, number>>> = {}
  for (const product of new Set(given.map((row) => row.product.trim()))) {
    const levels = levelsOf(given.filter((row) => row.product.trim() === product))
    if (levels === undefined || !/^[A-Za-z0-9]{1,32}$/.test(product)) return undefined
    all[product] = levels
  }
  return all
}

/** An object as a command takes it from standard input. */
export function piped(value: unknown, command: string): string {
  return `${command} - <<'EOF'\n${JSON.stringify(value)}\nEOF`
}
