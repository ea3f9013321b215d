/** One member of a request that is not what was expected. */
export interface FieldError {
  /** JSON pointer into the body, or `query/NAME`, `path/NAME`, `header/NAME`. */
  readonly field: string
  /** What was expected there. Never the value that was sent: it may be a secret. */
  readonly expected: string
  /** Line and column (from 1) in a policy text. */
  readonly line?: number
  readonly column?: number
  readonly hint?: string
}

/** What else an error tells besides its status and code. */
export interface HttpErrorDetails {
  readonly errors?: readonly FieldError[]
  readonly headers?: Readonly<Record<string, string>>
  /** Members of the answer that are particular to the code, e.g. the id of a decision. */
  readonly members?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

/**
 * An answer that is not a success. `code` is stable and short; `message` is one plain sentence that may be shown to
 * whoever sent the request: it holds no secret, no token and nothing of another tenant.
 */
export class HttpError extends Error {
  readonly status: number
  readonly code: string
  readonly details: HttpErrorDetails

  constructor(status: number, code: string, message: string, details: HttpErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'HttpError'
    this.status = status
    this.code = code
    this.details = details
  }
}

/** 400 `invalid-request`: members of the request are not as the interface says. */
export function invalid(message: string, errors: readonly FieldError[] = []): HttpError {
  return new HttpError(400, 'invalid-request', message, { errors })
}

/** {@link invalid} in one sentence: the first member that is wrong and what was expected there, and how many there are. */
export function unexpected(errors: readonly [FieldError, ...FieldError[]]): HttpError {
  const [{ field, expected }, ...others] = errors
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`
  return invalid(`${placeOf(field)}: expected ${expected}${more}`, errors)
}

/** A field in words, as `FieldError` writes it. */
function placeOf(field: string): string {
  const [, where, name] = /^(path|query|header)\/(.*)$/s.exec(field) ?? []
  if (where !== undefined && name !== undefined) return `\`${name}\` in the ${where}`
  return field === '' ? 'the body' : `\`${field.slice(1).replaceAll('/', '.')}\` in the body`
}

/** 404 `not-found`. */
export function notFound(message: string): HttpError {
  return new HttpError(404, 'not-found', message)
}
