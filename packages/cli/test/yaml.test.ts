import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { documentOf } from '../src/options/document.ts'
import { toYaml } from '../src/render/yaml.ts'

describe('expectations as YAML', () => {
  it('writes names that strangers choose, and lists in lists, so that they are read as they were', async () => {
    const values = {
      claims: {
        swversion: ['3.1', 2],
        measurements: [[60, 'AQ'], [], [[1], {}]],
        'a: b\nallowDebug': 'x',
        '# none': true,
        true: 1,
        '/submods/a b/swname': 'Modem',
        ' - "': [{ 'x y': [1] }],
      },
      environmentOverride: { 'A\nallowDebug: true #': '1', B: '' },
    }
    assert.deepEqual(await documentOf(new TextEncoder().encode(toYaml(values)), 'expect.yaml'), values)
  })
})
