/** Prints the canonical verdict of every NVIDIA vector. Started with `--conditions=browser`, through the door to WebCrypto. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { synchronous } from '#crypto'
import { canonicalJson } from '../src/core/canonical.ts'
import { type NvidiaCollateralInput, nvidiaCheckIds, verifyNvidia } from '../src/nvidia/index.ts'
import { casesOf, VECTORS } from './vectors.ts'

const WAIVE = nvidiaCheckIds('waivable').filter((id) => id.endsWith('.present'))
const PARTS: Readonly<Record<string, keyof NvidiaCollateralInput>> = {
  'cert-chain.pem': 'certificateChain',
  'driver-rim.xml': 'driverRim',
  'vbios-rim.xml': 'vbiosRim',
}

if (process.argv[1] === import.meta.filename) {
  const found: Record<string, string> = { synchronous: String(synchronous) }
  for (const one of casesOf('nvidia-gpu')) {
    const files = readdirSync(join(VECTORS, 'nvidia-gpu', one.name))
    if (!files.includes('report.bin')) continue
    const parts = files.flatMap((file) => (PARTS[file] === undefined ? [] : [[PARTS[file], one.file(file)] as const]))
    const collateral: NvidiaCollateralInput = Object.fromEntries(parts)
    found[one.name] = canonicalJson(
      await verifyNvidia(one.file('report.bin'), { at: one.at, collateral, waive: WAIVE }),
    )
  }
  process.stdout.write(JSON.stringify(found))
}
