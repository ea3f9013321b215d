import type { Call } from './call.ts'
import { HttpError } from './errors.ts'
import { json, type Reply } from './reply.ts'

/** RFC 9457 `type` of a code; `docs/server.md` lists the codes. */
export function problemType(code: string): string {
  return `urn:sekisho:problem:${code}`
}

/** Turns what a handler threw into an HttpError; what nobody foresaw becomes 500 `internal`, without its text. */
export function asHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error
  return new HttpError(500, 'internal', 'the server failed to answer; its log has the reason under this request id', {
    cause: error,
  })
}

/** RFC 9457 problem details; `instance` names the request. */
export function problemReply(error: HttpError, call: Pick<Call, 'id'>): Reply {
  const { errors, headers, members } = error.details
  return json(
    error.status,
    {
      type: problemType(error.code),
      title: TITLES[error.status] ?? 'Error',
      status: error.status,
      detail: error.message,
      instance: `urn:sekisho:request:${call.id}`,
      code: error.code,
      ...(errors === undefined ? {} : { errors }),
      ...members,
    },
    { ...headers, 'content-type': 'application/problem+json' },
  )
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}
