/** The checkpoint said no. The code is short; the owner of the namespace finds the whole reason under `id`. */
export class Refusal extends Error {
  /** E.g. `policy-deny`, `evidence-rejected`; of other KBS servers the name of their error, e.g. `PolicyDeny`. */
  readonly code: string
  /** The decision; undefined when the server names none. */
  readonly id: string | undefined
  /** HTTP status. */
  readonly status: number

  constructor(code: string, id: string | undefined, status: number) {
    super(`the checkpoint refused: ${code}${id === undefined ? '' : ` (decision ${id})`}`)
    this.name = 'Refusal'
    this.code = code
    this.id = id
    this.status = status
  }
}

/** What kind of trouble a {@link ClientError} tells of. */
export type ClientErrorCode =
  | 'unreachable' // no connection, or it broke
  | 'timeout' // no answer in time
  | 'protocol' // the answer is none of this protocol, or too large
  | 'undecryptable' // the secret is not encrypted to this workload's key, or was changed

/** Trouble on the way to the checkpoint. What the caller's own signal ended is thrown as that signal's reason. */
export class ClientError extends Error {
  readonly code: ClientErrorCode

  constructor(code: ClientErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.name = 'ClientError'
    this.code = code
  }
}
