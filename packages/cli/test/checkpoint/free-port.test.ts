import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Server } from 'node:net'
import { it } from 'node:test'
import { freePort, holdPort } from '../../src/checkpoint/free-port.ts'

const HOST = '127.0.0.1'

async function listening(port: number): Promise<Server> {
  const server = createServer().listen(port, HOST)
  await once(server, 'listening')
  return server
}

it('a port that is held is nobody else’s until it is released, and answers nobody', async () => {
  const held = await holdPort(HOST)
  assert.ok(held.port > 0)
  await assert.rejects(listening(held.port), { code: 'EADDRINUSE' })
  await assert.rejects(freePort(HOST, held.port), { code: 'EADDRINUSE' })
  const caller = connect(held.port, HOST).on('error', () => undefined)
  await once(caller, 'close')
  await Promise.all([held.release(), held.release()])
  const server = await listening(held.port)
  await assert.rejects(holdPort(HOST, held.port), { code: 'EADDRINUSE' })
  server.close()
  await once(server, 'close')
  assert.equal(await freePort(HOST, held.port), held.port)
})
