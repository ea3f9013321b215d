import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { TsmError } from './errors.ts'
import type { TsmFiles } from './files.ts'

/** Where Linux has its reports, from version 6.7 on. */
export const TSM_ROOT = '/sys/kernel/config/tsm/report'

/** Where reports are made, and how. */
export interface TsmSource {
  readonly files: TsmFiles
  readonly root: string
}

/** What a report is asked for. */
export interface TsmRequest {
  /** 64 bytes: the field of the hardware. */
  readonly reportData: Uint8Array
  /** VMPL, of SEV-SNP only. */
  readonly privilegeLevel?: number
}

/** A report as the kernel gives it. */
export interface TsmReport {
  /** `sev_guest`, `tdx_guest`, `arm_cca_guest`, … */
  readonly provider: string
  readonly outblob: Uint8Array
  /** SEV-SNP: the certificate table, which may be empty. Undefined where there is no such attribute. */
  readonly auxblob: Uint8Array | undefined
}

/**
 * Makes one report in an entry of its own, and proves by the entry's generation that nobody else wrote to it.
 *
 * @throws TsmError
 * @see Linux, Documentation/ABI/testing/configfs-tsm-report
 */
export function makeReport(source: TsmSource, request: TsmRequest): Promise<TsmReport> {
  return withEntry(source, async (entry) => {
    const provider = await entry.text('provider')
    const before = await entry.generation()
    let writes = 1
    if (request.privilegeLevel !== undefined) {
      writes++
      await entry.write('privlevel', new TextEncoder().encode(String(request.privilegeLevel)))
    }
    await entry.write('inblob', request.reportData)
    const outblob = await entry.read('outblob')
    const auxblob = await entry.optional('auxblob')
    const after = await entry.generation()
    if (after !== before + writes)
      throw new TsmError('mismatch', 'somebody else wrote to the entry: the report may be of other report data')
    if (outblob.length === 0) throw new TsmError('unsupported', `${provider} made no report`)
    return { provider, outblob, auxblob }
  })
}

/** Name of the provider of reports, e.g. `sev_guest`. That there is one does not mean that it works. @throws TsmError */
export function readProvider(source: TsmSource): Promise<string> {
  return withEntry(source, (entry) => entry.text('provider'))
}

interface Entry {
  read(attribute: string): Promise<Uint8Array>
  optional(attribute: string): Promise<Uint8Array | undefined>
  write(attribute: string, value: Uint8Array): Promise<void>
  text(attribute: string): Promise<string>
  generation(): Promise<number>
}

async function withEntry<T>({ files, root }: TsmSource, work: (entry: Entry) => Promise<T>): Promise<T> {
  const path = join(root, `sekisho-${randomBytes(8).toString('hex')}`)
  await files.makeEntry(path).catch((cause: unknown) => {
    const code = codeOf(cause) ?? 'unknown error'
    // Without a provider the kernel makes no entry at all.
    if (NO_PROVIDER.has(code)) throw trouble(root, code, cause)
    throw new TsmError('unreachable', `no report can be made below ${root}: ${code}`, cause)
  })
  try {
    return await work(entryAt(files, path))
  } finally {
    // An entry that stays costs the kernel some bytes, and hides no outcome.
    await files.removeEntry(path).catch(() => undefined)
  }
}

function entryAt(files: TsmFiles, path: string): Entry {
  const read = (attribute: string): Promise<Uint8Array> => patiently(attribute, () => files.read(join(path, attribute)))
  const text = async (attribute: string): Promise<string> => {
    const bytes = await read(attribute)
    return Buffer.from(bytes.subarray(0, MAX_TEXT)).toString('latin1').trim()
  }
  return {
    read,
    async optional(attribute) {
      try {
        return await read(attribute)
      } catch (error) {
        if (error instanceof TsmError && ABSENT.has(codeOf(error.cause) ?? '')) return undefined
        throw error
      }
    },
    write: (attribute, value) => patiently(attribute, () => files.write(join(path, attribute), value)),
    text,
    async generation() {
      const value = await text('generation')
      if (!/^\d{1,15}$/.test(value)) throw new TsmError('unsupported', 'the entry has no generation that is a number')
      return Number(value)
    },
  }
}

const MAX_TEXT = 256
/** Providers without the attribute hide it, or answer that they have none. */
const ABSENT: ReadonlySet<string> = new Set(['ENOENT', 'ENXIO', 'EOPNOTSUPP'])
const BUSY: ReadonlySet<string> = new Set(['EBUSY', 'EAGAIN', 'EWOULDBLOCK', 'EINTR'])
const NO_PROVIDER: ReadonlySet<string> = new Set(['ENXIO', 'ENODEV'])
const MOST_TRIES = 6
const FIRST_PAUSE_MS = 10

async function patiently<T>(attribute: string, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1, pause = FIRST_PAUSE_MS; ; attempt++, pause *= 2) {
    try {
      return await work()
    } catch (cause) {
      if (cause instanceof TsmError) throw cause
      const code = codeOf(cause) ?? 'unknown error'
      if (!BUSY.has(code)) throw trouble(attribute, code, cause)
      if (attempt === MOST_TRIES) throw new TsmError('busy', `${attribute} stays busy: ${code}`, cause)
    }
    await delay(pause)
  }
}

function trouble(attribute: string, code: string, cause: unknown): TsmError {
  if (NO_PROVIDER.has(code)) return new TsmError('unsupported', 'the kernel has no provider of reports', cause)
  if (code === 'ENOENT' || code === 'EACCES' || code === 'EPERM')
    return new TsmError('unreachable', `${attribute} cannot be used: ${code}`, cause)
  return new TsmError('refused', `the kernel refused ${attribute}: ${code}`, cause)
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
