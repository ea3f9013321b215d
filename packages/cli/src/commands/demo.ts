import type { Around } from '../around.ts'
import { withTpm } from '../checkpoint/attesters.ts'
import { narrator } from '../demo/narrator.ts'
import { EXIT, usageError } from '../exit.ts'

/** `sekisho demo`: every step is a real call; one that does not go as told ends the story with an error. */
export async function demoCommand(
  options: {
    readonly tpm?: string
    readonly tpmCa?: string
    readonly eventLog?: string
    readonly json?: true
  },
  around: Around,
): Promise<number> {
  const tell = narrator(options.json === true, around)
  if (options.tpm === undefined) {
    if (options.tpmCa !== undefined || options.eventLog !== undefined)
      throw usageError('--tpm-ca and --event-log are about a TPM: expected --tpm too')
    const { tellEmulatedStory } = await import('../demo/emulated-story.ts')
    await tellEmulatedStory(tell, around)
  } else {
    const { tellTpmStory } = await import('../demo/tpm-story.ts')
    if (options.tpmCa === undefined)
      throw usageError('--tpm needs --tpm-ca FILE: the certificates of the TPM maker’s CA, which vouches for the TPM')
    const stage = { where: options.tpm, ca: options.tpmCa, eventLog: options.eventLog }
    await withTpm(() => tellTpmStory(stage, tell, around))
  }
  tell.end()
  return EXIT.ok
}
