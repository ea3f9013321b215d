import type { ResponseCode } from './response-code.ts'

/** What kind of trouble a {@link TpmError} tells of. */
export type TpmErrorCode =
  | 'unreachable' // no device, no socket, or nobody answers there
  | 'timeout' // a command was not answered in time
  | 'closed' // the connection was closed, or is out of step after a fault
  | 'response' // what came back is no answer to what was asked
  | 'refused' // the TPM answered with a response code
  | 'unsupported' // this TPM has no such bank, key or certificate
  | 'mismatch' // two things that belong together do not

/** Trouble with a TPM. `responseCode` is there when the TPM itself refused. */
export class TpmError extends Error {
  readonly code: TpmErrorCode
  readonly responseCode: ResponseCode | undefined

  constructor(code: TpmErrorCode, message: string, options: { cause?: unknown; responseCode?: ResponseCode } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.name = 'TpmError'
    this.code = code
    this.responseCode = options.responseCode
  }
}

/** Whether an error is the TPM's refusal with this code, whatever argument it was about. */
export function isRefusal(error: unknown, name: string): error is TpmError {
  return error instanceof TpmError && error.responseCode?.name === name
}
