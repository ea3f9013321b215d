import { PolicyError } from '@sekisho/appraisal'
import { BrokerError, type Database, StorageError, type StorageErrorCode, VaultError } from '@sekisho/broker'
import { HttpError } from './http/errors.ts'

/** Answers for what the broker says of an administrator's call. */
const BROKER_STATUS: Readonly<Record<BrokerError['code'], number>> = {
  'not-found': 404,
  invalid: 400,
  conflict: 409,
  unsafe: 422,
  busy: 503,
}

/** Storage troubles that pass: the caller may try again. The rest is a fault of this server. */
const PASSING: ReadonlySet<string> = new Set([
  'busy',
  'full',
  'unavailable',
  'outcome-unknown',
  'timeout',
  'io',
  'closed',
])

/** Turns what the broker and its storage throw into answers; anything else is left as it is. */
export function translate(error: unknown): unknown {
  if (error instanceof PolicyError) {
    const errors = error.problems.map(({ line, column, message, hint }) => ({
      field: '/text',
      expected: message,
      line,
      column,
      ...(hint === undefined ? {} : { hint }),
    }))
    return new HttpError(422, 'policy-invalid', 'the policy cannot be used', { errors })
  }
  if (error instanceof BrokerError) return brokerAnswer(error)
  if (error instanceof VaultError && (error.code === 'invalid' || error.code === 'conflict')) {
    const status = error.code === 'invalid' ? 400 : 409
    return new HttpError(status, error.code === 'invalid' ? 'invalid-request' : 'conflict', error.message, {
      cause: error,
    })
  }
  if (isNewer(error))
    return new HttpError(503, 'storage-newer', error.message, { cause: error, headers: { 'retry-after': '5' } })
  if (error instanceof StorageError && PASSING.has(error.code)) {
    const because = writesFailBecause(error)
    const why = because === undefined ? '' : `: ${because}`
    return new HttpError(
      503,
      `storage-${error.code}`,
      `the database cannot serve this now${why}; nothing was stored or released`,
      {
        cause: error,
        headers: { 'retry-after': error.code === 'full' ? '30' : '2' },
      },
    )
  }
  return error
}

/** Whether another process, of a newer version, took the database over: this one serves it no more. */
export function isNewer(error: unknown): error is StorageError {
  return error instanceof StorageError && error.code === 'newer'
}

/** What a database that takes no writes tells of its reason, without a name of a file or a server. */
const BECAUSE: { readonly [K in StorageErrorCode]?: string } = {
  full: 'its disk is full',
  io: 'its disk fails, or may only be read',
  permission: 'its files, or the database itself, may not be written',
  corrupt: 'its file is damaged',
}

/** Why writes fail, as far as that says more than that they do. */
export function writesFailBecause(error: unknown): string | undefined {
  return error instanceof StorageError ? BECAUSE[error.code] : undefined
}

/** What whoever runs the database can do, by what it says of itself; without a name of a file or a server. */
const MENDED: { readonly [K in StorageErrorCode]?: string } = {
  full: 'free or add space on the disk that holds the database; writing is tried again by itself',
  io: 'see that the disk of the database is sound, and mounted so that it can be written; writing is tried again by itself',
  permission: 'let the user that this server runs as, or that DATABASE_URL names, write the database',
  corrupt: 'stop the server, and restore the database from its backup',
  newer: 'leave the database to the newer version that serves it now, or start that version here',
}
const ANSWERS: Readonly<Record<Database['kind'], string>> = {
  postgres:
    'see that the PostgreSQL that DATABASE_URL names runs, can be reached from here and follows no other; the server comes back by itself',
  sqlite:
    'see whether the disk of the data folder is overloaded, and what else uses the folder; the log of the server says more',
}

/** What makes a database serve again, for people. */
export function databaseRemedy(error: unknown, kind: Database['kind']): string {
  return (error instanceof StorageError ? MENDED[error.code] : undefined) ?? ANSWERS[kind]
}

function brokerAnswer(error: BrokerError): HttpError {
  const status = BROKER_STATUS[error.code]
  return new HttpError(status, error.code === 'invalid' ? 'invalid-request' : error.code, error.message, {
    cause: error,
    ...(error.code === 'busy' ? { headers: { 'retry-after': '1' } } : {}),
    ...(error.code === 'invalid' ? { errors: [fieldOf(error.message)] } : {}),
  })
}

/** The broker words it `member.of[0].member: expected …`. */
function fieldOf(message: string): { field: string; expected: string } {
  const [, member, words = message] = /^([\w.[\]-]+): (.*)$/s.exec(message) ?? []
  const path = member?.replace(/\[(\d+)\]/g, '/$1').replaceAll('.', '/')
  return { field: path === undefined ? '' : `/${path}`, expected: words.replace(/^expected /, '') }
}
