import type { FirmwareTee, Machine } from '@sekisho/measurement'
import { SEKISHO } from '../self.ts'
import { Paper, type PaperOptions } from './paper.ts'
import { toYaml } from './yaml.ts'

/** What a launch measurement covers beside the firmware. */
export interface LaunchView {
  readonly machine?: Machine
  /** Undefined where a kernel is never part of it. */
  readonly isBootMeasured?: boolean
  /** Name of the SVSM image. */
  readonly svsm?: string
}

/** What `measure` shows of a firmware. */
export interface FirmwareView extends LaunchView {
  readonly tee: FirmwareTee
  readonly size: number
  /** Lower-case hex. */
  readonly measurement: string
  readonly expectations: Readonly<Record<string, unknown>>
}

const NAMES: Readonly<Record<FirmwareTee, string>> = {
  snp: 'AMD SEV-SNP',
  'sev-es': 'AMD SEV-ES',
  sev: 'AMD SEV',
  tdx: 'Intel TDX',
}

const MEANINGS: Readonly<Record<FirmwareTee, readonly [name: string, meaning: string]>> = {
  snp: ['MEASUREMENT', 'launch digest in each report of such a guest'],
  'sev-es': ['DIGEST', 'launch digest that LAUNCH_MEASURE authenticates'],
  sev: ['DIGEST', 'launch digest that LAUNCH_MEASURE authenticates'],
  tdx: ['MRTD', 'in each quote of such a TD; it covers the firmware alone'],
}

/** The measurement first, then what it covers, and expectations to copy. */
export function renderFirmware(view: FirmwareView, options: PaperOptions): string {
  const { tee, size, measurement, expectations } = view
  const paper = new Paper(options)
  paper.line(0, 2, { text: `Firmware of a confidential VM, for ${NAMES[tee]}`, tone: 'strong' }, `  ${size} bytes`)
  const [name, meaning] = MEANINGS[tee]
  paper.heading('Measurement')
  paper.entry(2, name.length + 2, name, measurement)
  paper.line(name.length + 4, 0, { text: meaning, tone: 'faint' })
  addCoverage(paper, view)
  paper.heading('Expectations')
  paper.line(
    2,
    0,
    `\`--expect-out FILE\` writes them for \`${SEKISHO} verify --expect\` and \`${SEKISHO} reference import\`.`,
  )
  return paper.verbatim(2, toYaml(expectations).trimEnd()).toString()
}

const NAME = 15

function addCoverage(paper: Paper, { tee, machine, isBootMeasured, svsm }: FirmwareView): void {
  paper.heading('What it covers')
  paper.entry(2, NAME, 'firmware', 'yes')
  if (svsm !== undefined) paper.entry(2, NAME, 'SVSM', svsm)
  if (isBootMeasured !== undefined)
    paper.entry(
      2,
      NAME,
      'kernel',
      isBootMeasured ? 'yes, with initial ramdisk and command line' : 'no: the firmware boots from a disk',
    )
  if (machine !== undefined) addMachine(paper, machine, tee)
  if (tee === 'sev') paper.entry(2, NAME, 'processors', 'no: their first state is the host’s to choose')
  if (tee === 'tdx')
    paper.entry(2, NAME, 'the rest', 'no: configuration is in RTMR0, what is booted in RTMR1 and RTMR2')
}

function addMachine(
  paper: Paper,
  { vcpus, cpu, hypervisor = 'qemu', features = 1n, registers }: Machine,
  tee: FirmwareTee,
): void {
  const model =
    typeof cpu === 'number'
      ? `, CPU signature 0x${cpu.toString(16).padStart(8, '0')}`
      : cpu === undefined || hypervisor !== 'qemu' // which alone shows the model in a processor's first state
        ? ''
        : `, ${cpu}`
  paper.entry(2, NAME, 'processors', `${vcpus}${model}, as ${HYPERVISORS[hypervisor]} starts them`)
  const changed = Object.entries(registers ?? {}).map(([name, value]) => `${name} 0x${value.toString(16)}`)
  if (changed.length > 0) paper.entry(2, NAME, 'registers', changed.join(', '))
  if (tee === 'snp') paper.entry(2, NAME, 'SEV_FEATURES', `0x${features.toString(16)}`)
}

const HYPERVISORS = { qemu: 'QEMU with KVM', ec2: 'Amazon EC2', gce: 'Google Compute Engine' } as const

/** That no usual machine has a measurement, and what that leaves. */
export function renderNoMatch(measurement: string, vcpus: number, options: PaperOptions): string {
  return new Paper(options)
    .line(0, 2, { text: 'No usual machine has this measurement', tone: 'bad' })
    .line(2, 0, measurement)
    .blank()
    .line(
      2,
      0,
      `Tried were 1 to ${vcpus} processors of every EPYC model under QEMU, and those of EC2 and GCE, now and as they were before.`,
    )
    .line(
      2,
      0,
      'So the firmware is another, or the kernel, initial ramdisk or command line (with what the hypervisor adds to it), or the machine is no usual one: more processors (--vcpus), a CPU signature or SEV_FEATURES of its own, an SVSM.',
    )
    .toString()
}
