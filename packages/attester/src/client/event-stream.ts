import { ClientError } from './errors.ts'

/** One server-sent event. */
export interface ServerEvent {
  /** Undefined when the server gave none. */
  readonly id: string | undefined
  readonly event: string
  readonly data: string
}

const MAX_EVENT = 256 * 1024

/**
 * Reads an event stream. Every piece that arrives, comments included, calls `onLife`.
 *
 * @throws ClientError `protocol` for an event of more than 256 KiB
 * @see WHATWG HTML, section 9.2.6
 */
export async function* readEvents(body: AsyncIterable<Uint8Array>, onLife: () => void): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder()
  let buffer = ''
  let fields = new Map<string, string>()
  for await (const chunk of body) {
    onLife()
    buffer += decoder.decode(chunk, { stream: true })
    const lines = buffer.split(/\r\n|\r(?!$)|\n/)
    buffer = lines.pop() ?? ''
    for (const line of lines) {
      if (line === '') {
        const data = fields.get('data')
        if (data !== undefined) yield { id: fields.get('id'), event: fields.get('event') ?? 'message', data }
        fields = new Map()
      } else addField(fields, line)
    }
    if (buffer.length > MAX_EVENT) throw tooLarge()
  }
}

function addField(fields: Map<string, string>, line: string): void {
  const [, name = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
  const before = name === 'data' ? fields.get(name) : undefined
  const whole = before === undefined ? value : `${before}\n${value}`
  if (whole.length > MAX_EVENT) throw tooLarge()
  // Comments have an empty name; others than these have no meaning.
  if (name === 'data' || name === 'id' || name === 'event') fields.set(name, whole)
}

function tooLarge(): ClientError {
  return new ClientError('protocol', `the server sent an event of more than ${MAX_EVENT} characters`)
}
