import { decodeResponse, encodeCommand, refused, type TpmCommand } from '../src/tpm/command.ts'
import type { TpmDevice } from '../src/tpm/device.ts'
import { join, uint } from '../src/tpm/marshal.ts'

/** What a command is answered with: parameters, those behind a handle, or a response code that refuses it. */
export type Answer = Uint8Array | number | { readonly handle: number; readonly parameters: Uint8Array }

/** Answers for commands by their names; others are refused as commands that the TPM does not have. */
export type Script = Readonly<Record<string, (command: TpmCommand) => Answer>>

/** A TPM that does what a test says, in the bytes that a TPM would send. */
export interface ScriptedTpm {
  readonly tpm: TpmDevice
  /** What it was told so far. */
  readonly commands: readonly TpmCommand[]
}

const COMMAND_CODE = 0x143

/** A TPM without a connection. */
export function scriptedTpm(script: Script): ScriptedTpm {
  const commands: TpmCommand[] = []
  const channel = {
    async execute(command: TpmCommand) {
      encodeCommand(command)
      commands.push(command)
      const outcome = decodeResponse(command, responseTo(command, script[command.name]?.(command) ?? COMMAND_CODE))
      if (outcome.answer === undefined) throw refused(command, outcome.refusal)
      return outcome.answer
    },
  }
  const tpm: TpmDevice = { name: 'scripted', use: (work) => work(channel), close: async () => undefined }
  return { tpm, commands }
}

/** The bytes of a response. @see TCG TPM 2.0 Library, part 1, section 18 */
export function responseTo({ authorizations = [] }: TpmCommand, answer: Answer): Uint8Array {
  if (typeof answer === 'number') return join(uint(0x8001, 2), uint(10, 4), uint(answer, 4))
  const { handle, parameters } = answer instanceof Uint8Array ? { handle: undefined, parameters: answer } : answer
  const acknowledged = authorizations.map(() => Uint8Array.of(0, 0, 1, 0, 0))
  const body = join(
    ...(handle === undefined ? [] : [uint(handle, 4)]),
    ...(authorizations.length === 0 ? [] : [uint(parameters.length, 4)]),
    parameters,
    ...acknowledged,
  )
  return join(uint(authorizations.length === 0 ? 0x8001 : 0x8002, 2), uint(10 + body.length, 4), uint(0, 4), body)
}
