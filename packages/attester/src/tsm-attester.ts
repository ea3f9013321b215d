import { type Attester, type Collected, checkReportData } from './attester.ts'
import { base64 } from './base64.ts'
import { readEventLog } from './event-log.ts'
import { TsmError } from './tsm/errors.ts'
import { LINUX_FILES, type TsmFiles } from './tsm/files.ts'
import { makeReport, readProvider, TSM_ROOT, type TsmReport } from './tsm/report.ts'
import { snpKbsEvidence } from './tsm/snp-kbs.ts'

/** How a confidential VM attests through Linux' configfs-tsm. */
export interface TsmAttesterOptions {
  /** Default `/sys/kernel/config/tsm/report`. */
  readonly root?: string
  /** SEV-SNP: VMPL to attest as, 0 to 3; the kernel's own unless said. */
  readonly privilegeLevel?: number
  /** TDX: file with the event log. Default the kernel's CCEL, if there is one; `false` for none. */
  readonly eventLog?: string | false
  /** The door to the kernel's folder; the real one unless said. */
  readonly files?: TsmFiles
}

/** Where Linux shows the event log of a TD. */
const CCEL = '/sys/firmware/acpi/tables/data/CCEL'
const FIELD_BYTES = 64

interface Provider {
  readonly tee: 'snp' | 'tdx' | 'cca'
  /** The report as a file, and as the KBS protocol has it. */
  forms(report: TsmReport, eventLog: Uint8Array | undefined): Pick<Collected, 'kbs' | 'evidence'>
}

const PROVIDERS: ReadonlyMap<string, Provider> = new Map<string, Provider>([
  [
    'sev_guest',
    {
      tee: 'snp',
      forms: ({ outblob, auxblob = new Uint8Array(0) }) => ({
        kbs: snpKbsEvidence(outblob, auxblob),
        // The table right behind the report, as extended reports are written to files.
        evidence: new Uint8Array(Buffer.concat([outblob, auxblob])),
      }),
    },
  ],
  [
    'tdx_guest',
    {
      tee: 'tdx',
      forms: ({ outblob }, eventLog) => ({
        kbs: { cc_eventlog: eventLog === undefined ? null : base64(eventLog), quote: base64(outblob) },
        evidence: outblob,
      }),
    },
  ],
  [
    'arm_cca_guest',
    { tee: 'cca', forms: ({ outblob }) => ({ kbs: { token: Array.from(outblob) }, evidence: outblob }) },
  ],
])

/**
 * An attester over the kernel's reports: SEV-SNP, TDX or Arm CCA, whichever the machine is.
 *
 * @throws TsmError `unreachable` when the kernel has no configfs-tsm (Linux 6.7) or does not let you, `unsupported`
 *   when it has no provider, or one that is not known here
 * @throws TypeError for a privilege level that is none
 */
export async function tsmAttester(options: TsmAttesterOptions = {}): Promise<Attester> {
  const { root = TSM_ROOT, files = LINUX_FILES, privilegeLevel, eventLog } = options
  if (privilegeLevel !== undefined && ![0, 1, 2, 3].includes(privilegeLevel))
    throw new TypeError('privilegeLevel must be 0 to 3')
  const name = await readProvider({ files, root })
  const provider = PROVIDERS.get(name)
  if (provider === undefined) throw new TsmError('unsupported', `reports of ${JSON.stringify(name)} are not known here`)
  if (privilegeLevel !== undefined && provider.tee !== 'snp') throw new TypeError('privilegeLevel is for SEV-SNP only')
  return {
    tee: provider.tee,
    async attest({ reportData }): Promise<Collected> {
      checkReportData(reportData)
      const field = new Uint8Array(FIELD_BYTES)
      field.set(reportData)
      const request = { reportData: field, ...(privilegeLevel === undefined ? {} : { privilegeLevel }) }
      const report = await makeReport({ files, root }, request)
      if (report.provider !== name) throw new TsmError('mismatch', `the provider changed to ${report.provider}`)
      const log =
        provider.tee === 'tdx' && eventLog !== false
          ? await readEventLog(eventLog ?? CCEL, eventLog === undefined)
          : undefined
      return { tee: provider.tee, ...provider.forms(report, log), ...(log === undefined ? {} : { eventLog: log }) }
    },
  }
}
