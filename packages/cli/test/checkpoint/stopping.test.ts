import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { scratch } from '../process.ts'
import { startUp } from './up.ts'

describe('a checkpoint that is told to stop', () => {
  it('in the middle of a request’s body it ends well, and the request was never made', async () => {
    const data = join(scratch(), 'data')
    const up = await startUp(['--offline', '--data', data])
    try {
      const { hostname: host, port } = new URL(up.url)
      const socket = connect({ host, port: Number(port) })
      let answer = ''
      socket.setEncoding('latin1').on('data', (text: string) => {
        answer += text
      })
      // Cut off: that is how it may end.
      socket.on('error', () => undefined)
      const closed = once(socket, 'close')
      socket.write(
        `POST /api/v1/workload/challenge HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: 5000\r\nExpect: 100-continue\r\n\r\n{"namespace": "def`,
      )
      // It waits for the rest.
      await once(socket, 'data')
      assert.match(answer, /^HTTP\/1\.1 100 Continue\r\n/)
      assert.equal(await up.stop(), 0)
      await closed
      assert.doesNotMatch(answer, /HTTP\/1\.1 2\d\d /)
      assert.doesNotMatch(up.err(), /"level":"error"/)
    } finally {
      await up.stop()
    }
    const again = await startUp(['--offline', '--data', data])
    assert.equal((await fetch(`${again.url}/readyz`)).status, 200)
    assert.equal(await again.stop(), 0)
  })
})
