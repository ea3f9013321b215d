import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { scratch } from '../process.ts'
import { type Answered, runWithin } from '../run.ts'

const DECISION = 'dec_01m83h73xt5167jpk0q0zf1054'
const home = scratch()

interface Kept {
  readonly sha256: string
  readonly bytes?: string
}

function kept(text: string): Kept {
  return {
    sha256: createHash('sha256').update(text).digest('hex'),
    bytes: Buffer.from(text).toString('base64'),
  }
}

const PIECE = { name: 'cpu-0', tee: 'snp', evidence: kept('evidence'), collateral: kept('endorsements'), expect: {} }
const { bytes: _bytes, ...digestOnly } = kept('evidence')

describe('the folder of a decision', () => {
  let answer: object = {}
  let url = ''
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(answer))
  })
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  after(() => {
    server.closeAllConnections()
    server.close()
  })
  const folderOf = (name: string): string => join(home, name)
  const evidence = (name: string, pieces: readonly object[], more: object = {}): Promise<Answered> => {
    const judgedAt = '2026-11-23T06:24:11.445Z'
    answer = { decision: DECISION, appraisal: 'apr_1', judgedAt, emulated: false, verdictSha256: 'ab', pieces, ...more }
    return runWithin(['decision', 'evidence', DECISION, folderOf(name), '--server', url])
  }

  it('has the bytes as they are recorded, and what was expected', async () => {
    const { code, out } = await evidence('good', [PIECE])
    assert.equal(code, 0, out)
    assert.deepEqual(readdirSync(folderOf('good')).sort(), [
      'cpu-0.collateral',
      'cpu-0.evidence',
      'cpu-0.expect.json',
      'decision.json',
    ])
    assert.equal(readFileSync(join(folderOf('good'), 'cpu-0.evidence'), 'utf8'), 'evidence')
  })

  it('is not made of bytes that are not those that were recorded', async () => {
    for (const member of ['evidence', 'collateral', 'eventLog']) {
      const altered = { ...kept('as recorded'), bytes: Buffer.from('altered').toString('base64') }
      const { code, err } = await evidence(`altered-${member}`, [{ ...PIECE, [member]: altered }])
      assert.equal(code, 1, member)
      assert.match(err, /of cpu-0: the checkpoint gives bytes of the SHA-256 [0-9a-f]{64}; expected [0-9a-f]{64}/)
      assert.equal(existsSync(folderOf(`altered-${member}`)), false)
    }
  })

  it('is not made of pieces whose names are no files’, or one another’s', async () => {
    for (const [i, pieces] of [
      [{ ...PIECE, name: '../cpu-0' }],
      [{ ...PIECE, name: '' }],
      [{ ...PIECE, name: 'cpu\u001b[31m' }],
      [PIECE, PIECE],
    ].entries()) {
      const { code, err } = await evidence(`named-${i}`, pieces)
      assert.equal(code, 3, err)
      assert.match(err, /has a name that can be no file’s|have one name/)
      assert.equal(err.includes('\u001b'), false)
      assert.equal(existsSync(folderOf(`named-${i}`)), false)
    }
  })

  it('says what is not kept, with exit code 2, and that a decision rests on nothing, with 3', async () => {
    const { code, out } = await evidence('missing', [{ ...PIECE, evidence: digestOnly }])
    assert.equal(code, 2)
    assert.match(out, /cpu-0\.evidence: not kept, only its digest/)
    assert.equal((await evidence('none', [])).code, 3)
  })

  it('is a new or empty one, and says so where it cannot be written', async () => {
    const { code, err } = await evidence('good', [PIECE])
    assert.equal(code, 3)
    assert.match(err, /expected a new or empty folder/)
  })
})
