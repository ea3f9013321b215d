/** What a handler gives back; one place (`front.ts`) writes it to the socket. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Text and bytes are sent with their length; an event stream writes for as long as it is open. */
  readonly body?: string | Uint8Array | ReplyStream
}

/** A body that is written over time. */
export interface ReplyStream {
  /** Called once the headers are out. Resolves when there is no more to write; must stop when `sink.signal` aborts. */
  run(sink: StreamSink): Promise<void>
}

/** Where a stream writes to. */
export interface StreamSink {
  /** Aborted when the client went away or the server shuts down. */
  readonly signal: AbortSignal
  /** Bytes that were written and that the client has not taken yet. */
  pending(): number
  write(text: string): void
}

/** A JSON body. */
export function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(value) }
}

/** A plain text body in UTF-8. */
export function text(status: number, body: string, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers }, body }
}

/** A body of bytes. */
export function bytes(body: Uint8Array, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status: 200, headers: { 'content-type': 'application/octet-stream', ...headers }, body }
}

/** No body. */
export function empty(status = 204, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers }
}
