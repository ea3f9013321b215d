import { TpmError } from './errors.ts'
import { join, MAX_MESSAGE, NOTHING, ResponseReader, sized, uint } from './marshal.ts'
import { decodeResponseCode, describeResponseCode, type ResponseCode } from './response-code.ts'

/** TPM_ST_NO_SESSIONS and TPM_ST_SESSIONS. */
const NO_SESSIONS = 0x8001
const SESSIONS = 0x8002
/** A TPM 1.2 answers every command of 2.0 with this tag. */
const TPM_12_RESPONSE = 0x00c4

/** How one handle of a command is authorised. @see TCG TPM 2.0 Library, part 2, section 10.13 */
export interface Authorization {
  /** TPM_RS_PW, or a policy session. */
  readonly session: number
  /** The password; empty for a policy session. */
  readonly password: Uint8Array
}

/** One command before it is written out. */
export interface TpmCommand {
  /** For errors, e.g. `TPM2_Quote`. */
  readonly name: string
  /** TPM_CC. */
  readonly code: number
  readonly handles?: readonly number[]
  /** One for each handle that needs one, in their order. */
  readonly authorizations?: readonly Authorization[]
  readonly parameters?: Uint8Array
  /** The response has a handle in front of its parameters. */
  readonly givesHandle?: true
}

/** A successful response. */
export interface TpmAnswer {
  readonly handle: number | undefined
  readonly parameters: ResponseReader
}

/** What a response is: an answer, or a refusal. */
export type TpmOutcome =
  | { readonly answer: TpmAnswer; readonly refusal?: never }
  | { readonly refusal: ResponseCode; readonly answer?: never }

/** TPM_RS_PW: authorisation by a password, which is empty for most things. */
export function password(value: Uint8Array = new Uint8Array(0)): Authorization {
  return { session: 0x40000009, password: value }
}

/**
 * Writes a command.
 * @see TCG TPM 2.0 Library, part 1, section 18
 * @throws TypeError when it is too long for a TPM
 */
export function encodeCommand(command: TpmCommand): Uint8Array {
  const { handles = [], authorizations = [], parameters = new Uint8Array(0) } = command
  const areas = join(...authorizations.map(encodeAuthorization))
  const body = join(
    ...handles.map((handle) => uint(handle, 4)),
    ...(authorizations.length === 0 ? [] : [uint(areas.length, 4), areas]),
    parameters,
  )
  const size = 10 + body.length
  if (size > MAX_MESSAGE)
    throw new TypeError(`${command.name} would have ${size} bytes, and ${MAX_MESSAGE} are the most`)
  const tag = authorizations.length === 0 ? NO_SESSIONS : SESSIONS
  return join(uint(tag, 2), uint(size, 4), uint(command.code, 4), body)
}

const CONTINUE_SESSION = 1

function encodeAuthorization({ session, password: value }: Authorization): Uint8Array {
  return join(uint(session, 4), NOTHING, uint(CONTINUE_SESSION, 1), sized(value))
}

/** Size that a response's header states. @throws TpmError when it is no header */
export function responseSize(header: Uint8Array, name: string): number {
  const from = new ResponseReader(header, name)
  const tag = from.uint(2, 'tag')
  if (tag === TPM_12_RESPONSE) throw new TpmError('unsupported', 'this is a TPM 1.2; a TPM 2.0 is needed')
  if (tag !== NO_SESSIONS && tag !== SESSIONS) throw from.error('tag', `0x${tag.toString(16)} is none of a response`)
  const size = from.uint(4, 'responseSize')
  if (size < 10 || size > MAX_MESSAGE) throw from.error('responseSize', `${size} is not within 10 and ${MAX_MESSAGE}`)
  return size
}

/**
 * Reads the response to `command`.
 * @throws TpmError `response` when it is no response to it
 */
export function decodeResponse(command: TpmCommand, response: Uint8Array): TpmOutcome {
  const size = responseSize(response, command.name)
  const from = new ResponseReader(response, command.name)
  if (size !== response.length) throw from.error('responseSize', `${size} bytes are announced, ${response.length} came`)
  const tag = from.uint(2, 'tag')
  from.uint(4, 'responseSize')
  const code = from.uint(4, 'responseCode')
  if (code !== 0) return { refusal: decodeResponseCode(code) }
  const expected = (command.authorizations ?? []).length === 0 ? NO_SESSIONS : SESSIONS
  if (tag !== expected) throw from.error('tag', 'it does not fit the command')
  const handle = command.givesHandle === true ? from.uint(4, 'handle') : undefined
  if (tag === NO_SESSIONS) return { answer: { handle, parameters: new ResponseReader(from.rest(), command.name) } }
  const length = from.uint(4, 'parameterSize')
  const parameters = new ResponseReader(from.bytes(length, 'parameters'), command.name)
  readAuthorizations(from, command)
  return { answer: { handle, parameters } }
}

// Passwords and policies without a key give empty ones back: nothing to check, but nothing else may stand there.
function readAuthorizations(from: ResponseReader, { authorizations = [] }: TpmCommand): void {
  for (let i = 0; i < authorizations.length; i++) {
    from.sized(64, 'authorization.nonce')
    from.uint(1, 'authorization.attributes')
    from.sized(64, 'authorization.hmac')
  }
  from.end()
}

/** The error for a refusal. */
export function refused(command: TpmCommand, refusal: ResponseCode): TpmError {
  return new TpmError('refused', `the TPM refused ${command.name}: ${describeResponseCode(refusal)}`, {
    responseCode: refusal,
  })
}
