import { CliError, EXIT } from '../exit.ts'
import { SEKISHO } from '../self.ts'
import type { Profile } from './profile.ts'

/** One thing that is wrong with a request. */
interface Fault {
  readonly field?: string
  readonly expected?: string
  readonly line?: number
  readonly column?: number
  readonly hint?: string
}

/** An answer of the checkpoint that is no success, as RFC 9457 has it. */
export interface Problem {
  readonly status: number
  readonly title: string
  readonly detail?: string
  readonly instance?: string
  /** What whoever runs the checkpoint can do. */
  readonly remedy?: string
  readonly errors?: readonly Fault[]
}

/** The checkpoint said no, or could not be asked. */
export class RemoteError extends CliError {
  readonly problem: Problem | undefined

  constructor(
    exitCode: number,
    message: string,
    problem?: Problem,
    options?: ErrorOptions & { readonly details?: readonly string[] },
  ) {
    super(exitCode, message, options)
    this.problem = problem
  }
}

/** What a request carries besides its path. */
export interface Body {
  readonly json?: unknown
  readonly bytes?: Uint8Array
  /** Members of the JSON that were typed, and how: a name for the argument, or the flag. */
  readonly typed?: Readonly<Record<string, string>>
  /** The file that the rest is from. */
  readonly file?: string
}

/** The error of an answer that is no success: whose fault it is says the exit code. */
export function problemOf(response: Response, bytes: Uint8Array, { server, token }: Profile, body: Body): RemoteError {
  const problem = readProblem(response, bytes, server)
  const blamed = blameOf(problem, body)
  if (blamed !== undefined) return blamed
  const exitCode =
    response.status === 401 || response.status === 403 || response.status === 409 ? EXIT.rejected : EXIT.unreadable
  const faults = problem.errors ?? []
  // One member that was wrong is in the sentence already.
  const details = faults.length === 1 && problem.status === 400 ? [] : faults.map(faultLine)
  const hint =
    response.status === 401
      ? token === undefined
        ? `; no token for ${server}: \`${SEKISHO} login\` gets one`
        : `; the token is unknown here, expired or revoked: \`${SEKISHO} login\` gets a new one`
      : ''
  // The server's log line of this request has the same id.
  const id = problem.instance === undefined ? '' : ` (request ${problem.instance.replace(/^urn:sekisho:request:/, '')})`
  const { detail, title } = problem
  return new RemoteError(exitCode, `${detail ?? title}${hint}${id}`, problem, { details })
}

/** A request that is wrong is the fault of what was typed, 64, or of the file that was given, 3; undefined where nobody can tell. */
function blameOf(problem: Problem, { typed = {}, file }: Body): RemoteError | undefined {
  const { errors = [], detail = problem.title } = problem
  if (problem.status !== 400 && problem.status !== 422) return undefined
  const [first, ...others] = errors.map((fault) => sentenceOf(fault, detail, typed))
  if (first !== undefined && errors.every(({ field = '' }) => typedAs(field, typed) !== undefined))
    return new RemoteError(EXIT.usage, first, problem, { details: others })
  if (file === undefined) return undefined
  const name = file === '-' ? 'standard input' : file
  if (first !== undefined && errors.every(({ line }) => line === undefined))
    return new RemoteError(EXIT.unreadable, `${name}: ${first}`, problem, { details: others })
  // Policies: each place in the file on a line of its own.
  const details = errors.map((one) => `${name}:${one.line ?? 1}:${one.column ?? 1}: ${saidOf(one)}`)
  return new RemoteError(EXIT.unreadable, `${name}: ${detail}`, problem, { details })
}

/** What is wrong with one member, by its name on the command line or in the file. */
function sentenceOf(fault: Fault, detail: string, typed: Readonly<Record<string, string>>): string {
  const { field = '' } = fault
  const name = typedAs(field, typed)
  // Only what was held against the document of the interface is worded without the member.
  if (!detail.startsWith('`')) return name === undefined ? detail : `${name}: ${detail}`
  return `${name ?? memberOf(field)}: expected ${saidOf(fault)}`
}

function memberOf(field: string): string {
  return `\`${field.replace(/^\//, '').replaceAll('/', '.')}\``
}

/** What the command line calls a member of a request; undefined for one that was not typed. */
function typedAs(field: string, typed: Readonly<Record<string, string>>): string | undefined {
  const [, place, name = ''] = /^(path|query)\/([A-Za-z]+)$/.exec(field) ?? []
  if (place === 'path') return name.toUpperCase()
  if (place === 'query') return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
  const member = field.split('/')[1] ?? ''
  return Object.hasOwn(typed, member) ? typed[member] : undefined
}

function saidOf({ expected = '', hint }: Fault): string {
  return hint === undefined ? expected : `${expected}; ${hint}`
}

function faultLine({ field, expected, line, column, hint }: Fault): string {
  const where = line === undefined ? field : `line ${line}, column ${column ?? 1}`
  const words = [expected, hint].filter((one) => one !== undefined && one !== '').join('; ')
  return where === undefined || where === '' ? words : `${where}: ${words}`
}

function readProblem(response: Response, bytes: Uint8Array, server: string): Problem {
  const { status } = response
  const title = response.statusText || `HTTP status ${status}`
  const stranger = {
    status,
    title,
    detail: `${server} answers ${status} (${title}), and not as a checkpoint does: is it another program, or a proxy?`,
  }
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes))
    if (typeof value !== 'object' || value === null) return stranger
    const told: { [K in keyof Problem]?: unknown } = value
    return {
      status,
      title: typeof told.title === 'string' ? told.title : title,
      ...(typeof told.detail === 'string' ? { detail: told.detail } : {}),
      ...(typeof told.instance === 'string' ? { instance: told.instance } : {}),
      ...(typeof told.remedy === 'string' ? { remedy: told.remedy } : {}),
      ...(Array.isArray(told.errors) ? { errors: told.errors.flatMap(readFault) } : {}),
    }
  } catch {
    return stranger
  }
}

function readFault(value: unknown): readonly Fault[] {
  if (typeof value !== 'object' || value === null) return []
  const told: { [K in keyof Fault]?: unknown } = value
  return [
    {
      ...(typeof told.field === 'string' ? { field: told.field } : {}),
      ...(typeof told.expected === 'string' ? { expected: told.expected } : {}),
      ...(typeof told.line === 'number' ? { line: told.line } : {}),
      ...(typeof told.column === 'number' ? { column: told.column } : {}),
      ...(typeof told.hint === 'string' ? { hint: told.hint } : {}),
    },
  ]
}
