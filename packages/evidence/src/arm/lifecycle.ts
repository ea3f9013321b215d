/** States of a PSA or CCA security lifecycle; `invalid` stands for every number without a meaning. */
export type LifecycleState =
  | 'unknown'
  | 'assembly-and-test'
  | 'rot-provisioning'
  | 'secured'
  | 'non-rot-debug'
  | 'recoverable-rot-debug'
  | 'decommissioned'
  | 'invalid'

const STATES: ReadonlyMap<number, LifecycleState> = new Map([
  [0x00, 'unknown'],
  [0x10, 'assembly-and-test'],
  [0x20, 'rot-provisioning'],
  [0x30, 'secured'],
  [0x40, 'non-rot-debug'],
  [0x50, 'recoverable-rot-debug'],
  [0x60, 'decommissioned'],
])

/** State of a lifecycle claim: the high byte selects it, the low one is the implementation's. @see RFC 9783, section 4.3.1 */
export function lifecycleState(lifecycle: number): LifecycleState {
  return STATES.get(lifecycle >> 8) ?? 'invalid'
}
