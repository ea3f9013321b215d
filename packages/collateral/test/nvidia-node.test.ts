import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { CollateralError, describeNvidiaOcsp, type NvidiaSource } from '../src/index.ts'

import { ocspCertId, serialOf } from '../src/ocsp-request.ts'
import { type NvidiaDevice, nvidiaDevice, nvidiaItems, nvidiaSelection } from '../src/requests-nvidia.ts'
import { NOW, ocspAnswers } from './nvidia-services.ts'
import { vectorsMissing as skip, vectorFile } from './vectors.ts'

/** Eight GPUs and four switches of one machine. */
function node(): readonly NvidiaDevice[] {
  const names = [
    ...Array.from({ length: 8 }, (_, i) => `gpu${i}`),
    ...Array.from({ length: 4 }, (_, i) => `switch${i}`),
  ]
  const of = (name: string): Uint8Array => vectorFile('nvidia-gpu', 'ppcie-node-a', name)
  return names.map((name) => nvidiaDevice({ report: of(`${name}.bin`), certificateChain: of(`${name}.pem`) }))
}

interface Counting extends NvidiaSource {
  readonly rims: string[]
  readonly serials: string[]
  most: number
}

/** Has no manifest, and answers about every certificate; what is said is for another test. */
function counting(): Counting {
  const [answer = Buffer.alloc(0)] = ocspAnswers()
  let underway = 0
  const source: Counting = {
    rims: [],
    serials: [],
    most: 0,
    rim: async ({ id }) => {
      source.rims.push(id)
      throw new CollateralError('not-found', 'it has no such collateral')
    },
    ocsp: async ({ chain: [certificate, issuer] }) => {
      assert.ok(certificate !== undefined && issuer !== undefined)
      const serial = serialOf(ocspCertId(certificate, issuer))
      source.serials.push(serial)
      source.most = Math.max(source.most, ++underway)
      await setImmediate()
      underway--
      return { ...describeNvidiaOcsp(answer), serials: [serial], window: { from: NOW, to: NOW } }
    },
  }
  return source
}

test('of a node each manifest and each certificate is asked about once, a few at a time', { skip }, async () => {
  const devices = node()
  const source = counting()
  const at = new Date(NOW)
  const { items, missing } = await nvidiaItems(devices, source, { items: [], at })
  const ids = devices.flatMap(({ facts }) => [facts.rimIds.driver, facts.rimIds.vbios]).filter((id) => id !== undefined)
  assert.deepEqual([...source.rims].sort(), [...new Set(ids)].sort())
  assert.ok(source.rims.some((id) => id.startsWith('NV_SWITCH_BIOS_')))
  assert.equal(source.rims.filter((id) => id.includes('DRIVER')).length, 1, 'a switch has none of its own')
  assert.equal(missing.length, source.rims.length)

  const serials = devices.flatMap(({ chain }) => chain?.certificates.slice(1, -1).map(({ serial }) => serial) ?? [])
  assert.deepEqual([...source.serials].sort(), [...new Set(serials)].sort())
  assert.ok(serials.length > source.serials.length, 'what they share is asked about once')
  assert.ok(source.most > 1 && source.most <= 4, `${source.most} at once`)
  // Each device is judged with what is about its own chain: three certificates.
  for (const one of devices) assert.equal(nvidiaSelection(one, items, at).collateral.ocsp?.length, 3)
})

test('a caller that ends it is obeyed, and a fault of the source is no missing endorsement', { skip }, async () => {
  const [device] = node()
  assert.ok(device !== undefined)
  for (const fault of [new CollateralError('aborted', 'ended by the caller'), new RangeError('a fault')]) {
    const source: NvidiaSource = { ...counting(), rim: () => Promise.reject(fault) }
    await assert.rejects(nvidiaItems([device], source, { items: [], at: new Date(NOW) }), fault)
  }
})
