type Identity = readonly [family: number, model: number, stepping: number]

/** QEMU's models of AMD EPYC. It is the model that the guest gets, not the host's. */
const MODELS: ReadonlyMap<string, Identity> = new Map([
  ['EPYC', [23, 1, 2]],
  ['EPYC-Rome', [23, 49, 0]],
  ['EPYC-Milan', [25, 1, 1]],
  ['EPYC-Genoa', [25, 17, 0]],
  ['EPYC-Turin', [26, 0, 0]],
])

/** Names of the CPU models that are known, for help and errors. */
export const CPU_MODELS: readonly string[] = [...MODELS.keys()]

/**
 * The CPU signature of one of QEMU's CPU models, which RDX of a new processor holds. Versions of a model (`EPYC-v4`,
 * `EPYC-IBPB`) have the model's own.
 *
 * @returns undefined for a name that is not known
 */
export function signatureOfModel(name: string): number | undefined {
  const identity = MODELS.get(name.replace(/-v\d{1,2}$/, '').replace(/^EPYC-IBPB$/, 'EPYC'))
  return identity && cpuSignature(...identity)
}

/**
 * A CPU signature as CPUID leaf 1 has it in EAX.
 * @see AMD64 Architecture Programmer's Manual, volume 3, appendix E.3.2
 */
export function cpuSignature(family: number, model: number, stepping: number): number {
  const [low, high] = family > 15 ? [15, family - 15] : [family, 0]
  return (high << 20) | ((model >> 4) << 16) | (low << 8) | ((model & 15) << 4) | stepping
}
