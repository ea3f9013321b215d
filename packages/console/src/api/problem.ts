import { isRecord } from '../engine/json.ts'

/** One member that was wrong: RFC 9457 problem details as the checkpoint writes them. */
export interface WrongMember {
  /** A JSON pointer, or `path/…`, `query/…`, `header/…`. */
  readonly field: string
  readonly expected: string
  /** Policies: where, counted from 1. */
  readonly line?: number
  readonly column?: number
  readonly hint?: string
}

/** An answer of the checkpoint that is no success, or none at all. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** Stable code (docs/server.md); `unreachable` when no answer came. */
  readonly code: string
  /** HTTP status; 0 when no answer came. */
  readonly status: number
  readonly wrong: readonly WrongMember[]

  constructor(code: string, status: number, detail: string, wrong: readonly WrongMember[] = []) {
    super(detail)
    this.code = code
    this.status = status
    this.wrong = wrong
  }
}

/** The error that an answer tells of. */
export async function problemOf(answer: Response): Promise<ApiError> {
  const body: unknown = await answer.json().catch(() => undefined)
  if (!isRecord(body)) return new ApiError('unreadable', answer.status, `HTTP ${answer.status}`)
  const { code, detail, errors } = body
  return new ApiError(
    typeof code === 'string' ? code : 'unreadable',
    answer.status,
    typeof detail === 'string' ? detail : `HTTP ${answer.status}`,
    Array.isArray(errors) ? errors.flatMap(wrongMember) : [],
  )
}

function wrongMember(value: unknown): readonly WrongMember[] {
  if (!isRecord(value)) return []
  const { field, expected, line, column, hint } = value
  if (typeof field !== 'string' || typeof expected !== 'string') return []
  return [
    {
      field,
      expected,
      ...(typeof line === 'number' ? { line } : {}),
      ...(typeof column === 'number' ? { column } : {}),
      ...(typeof hint === 'string' ? { hint } : {}),
    },
  ]
}
