import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { verifyCcaSync } from '../src/cca/index.ts'
import { verifyIasSync } from '../src/ias/index.ts'
import { verifyIbmSeSync } from '../src/ibm-se/index.ts'
import { verifyNitroSync } from '../src/nitro/index.ts'
import { verifyNvidiaNodeSync, verifyNvidiaSync } from '../src/nvidia/index.ts'
import { verifyPsaSync } from '../src/psa/index.ts'
import { verifySevSync } from '../src/sev/index.ts'
import { verifySgxSync } from '../src/sgx/index.ts'
import { verifySnpSync } from '../src/snp/index.ts'
import { verifyTdxSync } from '../src/tdx/index.ts'
import { verifyTokenSync } from '../src/token/index.ts'

// The types do not allow these: callers in JavaScript do. A number must not be taken for a length.
const WRONG: readonly unknown[] = [4_000_000_000, 'text', [1, 2, 3], null, undefined, { length: 3 }]

describe('evidence that is no Uint8Array', () => {
  const at = new Date('2026-06-15T12:00:00Z')
  const doors: Readonly<Record<string, (evidence: Uint8Array) => unknown>> = {
    cca: (evidence) => verifyCcaSync(evidence, { at }),
    ias: (evidence) => verifyIasSync(evidence, { at }),
    'ibm-se': (evidence) => verifyIbmSeSync(evidence, { at }),
    nitro: (evidence) => verifyNitroSync(evidence, { at }),
    nvidia: (evidence) => verifyNvidiaSync(evidence, { at }),
    'nvidia node': (evidence) => verifyNvidiaNodeSync([{ evidence }], { at }),
    psa: (evidence) => verifyPsaSync(evidence, { at }),
    sev: (evidence) => verifySevSync(evidence, { at }),
    sgx: (evidence) => verifySgxSync(evidence, { at }),
    snp: (evidence) => verifySnpSync(evidence, { at }),
    tdx: (evidence) => verifyTdxSync(evidence, { at }),
    token: (evidence) => verifyTokenSync(evidence, { at }),
  }
  for (const [name, verify] of Object.entries(doors)) {
    it(`${name}: a TypeError that says so`, () => {
      for (const wrong of WRONG)
        assert.throws(() => Reflect.apply(verify, undefined, [wrong]), { name: 'TypeError', message: /Uint8Array/ })
    })
  }
})
