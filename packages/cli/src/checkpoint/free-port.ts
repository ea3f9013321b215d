/** A port that nobody else can have. */
export interface HeldPort {
  readonly port: number
  /** Gives it back, for whoever listens on it at once. Further calls do nothing. */
  release(): Promise<void>
}

/**
 * Holds a port by listening on it; answers nobody there.
 *
 * @param host name or address
 * @param port the one that is wanted; 0 takes any
 * @throws whatever the system says when the address cannot be had
 */
export async function holdPort(host: string, port = 0): Promise<HeldPort> {
  const { createServer } = await import('node:net')
  const holder = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    holder.once('error', reject).listen(port, host, resolve)
  })
  let released: Promise<void> | undefined
  const release = (): Promise<void> => {
    released ??= new Promise((resolve) => {
      holder.close(() => resolve())
    })
    return released
  }
  const address = holder.address()
  if (typeof address === 'object' && address !== null) return { port: address.port, release }
  await release()
  throw new TypeError(`${host} gives no port`)
}

/**
 * A port that can be listened on now.
 *
 * @param host name or address
 * @param port the one that is wanted; 0 takes any
 * @throws whatever the system says when the address cannot be had
 */
export async function freePort(host: string, port = 0): Promise<number> {
  const held = await holdPort(host, port)
  await held.release()
  return held.port
}
