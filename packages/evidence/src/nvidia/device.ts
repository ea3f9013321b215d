import type { Certificate } from '../x509/certificate.ts'
import { architectureOf, chipOf } from './certificates.ts'
import { opaqueBytes, opaqueText, vbiosVersion } from './opaque.ts'
import type { NvidiaReport } from './report.ts'
import type { DeviceFacts } from './state.ts'

/** What a report and its chain say of the device, and how NVIDIA's service names its manifests. */
export function deviceFacts(report: NvidiaReport, certificates: readonly Certificate[] = []): DeviceFacts {
  const { opaque } = report.response
  const chip = chipOf(certificates[0]?.subject.commonName)
  const isSwitch = opaqueBytes(opaque, 'DRIVER_VERSION') === undefined
  const driver = opaqueText(opaque, 'DRIVER_VERSION')
  const vbios = vbiosVersion(opaque)
  const architecture = architectureOf(chip)
  return {
    architecture,
    isSwitch,
    versions: { driver: isSwitch ? undefined : driver, vbios },
    rimIds: {
      driver: isSwitch ? undefined : driverRimId(opaqueText(opaque, 'CHIP_INFO') ?? chip, driver),
      vbios: isSwitch ? switchRimId(vbios) : vbiosRimId(report, vbios),
    },
  }
}

function driverRimId(chip: string | undefined, version: string | undefined): string | undefined {
  if (chip === undefined || version === undefined) return undefined
  const infix = architectureOf(chip) === 'HOPPER' ? '' : 'CC_'
  return `NV_GPU_${infix}DRIVER_${chip}_${version}`
}

function vbiosRimId({ response: { opaque } }: NvidiaReport, version: string | undefined): string | undefined {
  const parts = (['PROJECT', 'PROJECT_SKU', 'CHIP_SKU'] as const).map((name) => opaqueText(opaque, name))
  if (version === undefined || parts.includes(undefined)) return undefined
  return `NV_GPU_VBIOS_${parts.join('_')}_${plain(version)}`.toUpperCase()
}

function switchRimId(version: string | undefined): string | undefined {
  return version === undefined ? undefined : `NV_SWITCH_BIOS_5612_0002_890_${plain(version)}`
}

function plain(version: string): string {
  return version.replaceAll('.', '').toUpperCase()
}
