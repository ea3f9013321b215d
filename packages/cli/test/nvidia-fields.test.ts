import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { scratch } from './process.ts'
import { runWithin } from './run.ts'

const VECTORS = process.env.SEKISHO_VECTORS ?? fileURLToPath(new URL('../../../../../shared/vectors', import.meta.url))
const skip = existsSync(join(VECTORS, 'nvidia-gpu'))
  ? false
  : `needs the NVIDIA vectors in ${VECTORS} (SEKISHO_VECTORS)`
const folder = scratch()
const place = join(VECTORS, 'nvidia-gpu/hopper-550-full')

interface Shown {
  readonly form: string
  readonly fields: readonly { readonly path: string; readonly value: unknown; readonly meaning?: string }[]
}

async function shown(path: string): Promise<Shown> {
  const ran = await runWithin(['inspect', path, '--json'])
  assert.equal(ran.code, 0, ran.err)
  return JSON.parse(ran.out)
}

describe('inspect of NVIDIA’s endorsements', { skip }, () => {
  it('shows what a manifest is of, each value with the block that it is compared with, and its certificates', async () => {
    const { form, fields } = await shown(join(place, 'driver-rim.xml'))
    assert.equal(form, 'NVIDIA reference integrity manifest')
    const at = (path: string) => fields.find((one) => one.path === path)
    assert.equal(at('rim.colloquialVersion')?.value, '550.90.07')
    assert.match(String(at('rim.measurements.7')?.value), /^80161aac[0-9a-f]{88}$/)
    assert.equal(at('rim.measurements.7')?.meaning, 'compared with block 8 of a report')
    assert.match(String(at('rim.measurements.6')?.meaning), /^inactive/)
    assert.match(String(at('rim.certificates.1.subject')?.value), /NVIDIA/)
  })

  it('shows a manifest behind a byte order mark, which verifying reads too', async () => {
    const marked = join(folder, 'marked.xml')
    writeFileSync(marked, `\ufeff${readFileSync(join(place, 'driver-rim.xml'), 'utf8')}`)
    assert.equal((await shown(marked)).form, 'NVIDIA reference integrity manifest')
  })

  it('says what of a manifest cannot be read, as of nothing else that begins so', async () => {
    const text = readFileSync(join(place, 'driver-rim.xml'), 'utf8')
    const damaged = join(folder, 'damaged.xml')
    writeFileSync(damaged, text.replace('index="3"', 'index="2"'))
    const ran = await runWithin(['inspect', damaged])
    assert.equal(ran.code, 3)
    assert.match(ran.err, /damaged\.xml: .*Resource\.index.*2 a second time/)
  })

  it('shows an OCSP response: of which certificate it speaks, and what it says', async () => {
    const [name = ''] = readdirSync(join(place, 'ocsp'))
    const { form, fields } = await shown(join(place, 'ocsp', name))
    assert.equal(form, 'OCSP response')
    const at = (path: string): unknown => fields.find((one) => one.path === path)?.value
    assert.equal(at('ocsp.answers.1.status'), 'good')
    assert.match(String(at('ocsp.answers.1.serial')), /^[0-9a-f]+$/)
    assert.match(String(at('ocsp.responder')), /NVIDIA OCSP Responder/)
  })

  it('compares two manifests field by field', async () => {
    const other = join(VECTORS, 'nvidia-gpu/rim-driver-550-144/rim.xml')
    const { code, out } = await runWithin(['diff', join(place, 'driver-rim.xml'), other])
    assert.equal(code, 1)
    assert.match(out, /rim\.colloquialVersion\n +A +550\.90\.07.*\n +B +550\.144\.03/)
  })
})
