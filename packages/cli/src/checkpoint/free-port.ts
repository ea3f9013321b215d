/**
 * A port that can be listened on now.
 *
 * @param host name or address
 * @param port the one that is wanted; 0 takes any
 * @throws whatever the system says when the address cannot be had
 */
export async function freePort(host: string, port = 0): Promise<number> {
  const { createServer } = await import('node:net')
  const probe = createServer()
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject).listen(port, host, resolve)
  })
  const address = probe.address()
  await new Promise<void>((resolve) => {
    probe.close(() => resolve())
  })
  if (typeof address === 'object' && address !== null) return address.port
  throw new TypeError(`${host} gives no port`)
}
