import { connect } from 'node:net'

/** Writes bytes to a socket as they are, each when what stands before it is over; resolves with everything that came back when the server closed it. */
export function raw(url: string, parts: readonly (string | Promise<unknown>)[], limitMs = 60_000): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) })
    let text = ''
    const timer = setTimeout(() => {
      socket.destroy()
      reject(new Error(`the server kept the connection; it said: ${text.slice(0, 500)}`))
    }, limitMs)
    const done = (): void => {
      clearTimeout(timer)
      resolve(text)
    }
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
    })
    socket.on('close', done)
    // A server that refuses may reset while we still write: what it said counts.
    socket.on('error', done)
    void (async () => {
      for (const part of parts) {
        if (socket.destroyed) return
        if (typeof part === 'string') socket.write(part)
        else await part
      }
    })()
  })
}
