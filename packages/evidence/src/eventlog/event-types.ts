/** One kind of event. */
export interface EventType {
  /** As the specification spells it. */
  readonly name: string
  /** What was measured, in words. */
  readonly meaning: string
}

const TYPES: ReadonlyMap<number, EventType> = new Map(
  (
    [
      [0x00, 'EV_PREBOOT_CERT', 'a certificate'],
      [0x01, 'EV_POST_CODE', 'a part of the firmware'],
      [0x03, 'EV_NO_ACTION', 'information about the log'],
      [0x04, 'EV_SEPARATOR', 'the end of what firmware measures before it boots'],
      [0x05, 'EV_ACTION', 'a step of the boot'],
      [0x06, 'EV_EVENT_TAG', 'a tagged event of the operating system or its loader'],
      [0x07, 'EV_S_CRTM_CONTENTS', 'the code that measures first'],
      [0x08, 'EV_S_CRTM_VERSION', 'the version of the code that measures first'],
      [0x09, 'EV_CPU_MICROCODE', 'a microcode update'],
      [0x0a, 'EV_PLATFORM_CONFIG_FLAGS', 'platform configuration, such as ACPI tables'],
      [0x0b, 'EV_TABLE_OF_DEVICES', 'a table of devices'],
      [0x0c, 'EV_COMPACT_HASH', 'something the loader or operating system names by a short text'],
      [0x0d, 'EV_IPL', 'something the boot loader read or ran'],
      [0x0e, 'EV_IPL_PARTITION_DATA', 'a partition'],
      [0x0f, 'EV_NONHOST_CODE', 'code that another processor runs'],
      [0x10, 'EV_NONHOST_CONFIG', 'configuration of another processor'],
      [0x11, 'EV_NONHOST_INFO', 'how the host keeps its memory and state'],
      [0x12, 'EV_OMIT_BOOT_DEVICE_EVENTS', 'that boot device events are left out'],
      [0x08000001, 'dstack runtime event', 'an event of the guest itself'],
      [0x80000001, 'EV_EFI_VARIABLE_DRIVER_CONFIG', 'a UEFI variable that configures secure boot or drivers'],
      [0x80000002, 'EV_EFI_VARIABLE_BOOT', 'a UEFI variable that says what to boot'],
      [0x80000003, 'EV_EFI_BOOT_SERVICES_APPLICATION', 'a boot loader or kernel image'],
      [0x80000004, 'EV_EFI_BOOT_SERVICES_DRIVER', 'a driver image for boot time'],
      [0x80000005, 'EV_EFI_RUNTIME_SERVICES_DRIVER', 'a driver image that stays'],
      [0x80000006, 'EV_EFI_GPT_EVENT', 'the partition table of the boot disk'],
      [0x80000007, 'EV_EFI_ACTION', 'a step of the boot'],
      [0x80000008, 'EV_EFI_PLATFORM_FIRMWARE_BLOB', 'a firmware volume'],
      [0x80000009, 'EV_EFI_HANDOFF_TABLES', 'tables that firmware hands over'],
      [0x8000000a, 'EV_EFI_PLATFORM_FIRMWARE_BLOB2', 'a firmware volume'],
      [0x8000000b, 'EV_EFI_HANDOFF_TABLES2', 'tables that firmware was handed or hands over (TDX: the TD HOB)'],
      [0x8000000c, 'EV_EFI_VARIABLE_BOOT2', 'a UEFI variable that says what to boot'],
      [0x8000000d, 'EV_EFI_GPT_EVENT2', 'the partition table of the boot disk'],
      [0x80000010, 'EV_EFI_HCRTM_EVENT', 'the hardware root of measurement'],
      [0x800000e0, 'EV_EFI_VARIABLE_AUTHORITY', 'the entry of a UEFI variable that vouched for an image'],
      [0x800000e1, 'EV_EFI_SPDM_FIRMWARE_BLOB', 'firmware of a device, as the device reports it'],
      [0x800000e2, 'EV_EFI_SPDM_FIRMWARE_CONFIG', 'configuration of a device, as the device reports it'],
    ] as const
  ).map(([code, name, meaning]) => [code, { name, meaning }]),
)

/**
 * What the specification says of an event type; for one it does not know, its number.
 *
 * @see TCG PC Client Platform Firmware Profile 1.06, section 10.4.1
 */
export function eventType(code: number): EventType {
  const known = TYPES.get(code)
  if (known !== undefined) return known
  return { name: `0x${code.toString(16).padStart(8, '0')}`, meaning: 'an event of a type that is not known here' }
}
