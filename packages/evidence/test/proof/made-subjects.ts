import { generateKey, type MadeIntel, type MadeSnp, makeSgx, makeSnp, makeTdx } from '@sekisho/emulator/kit'
import type { IntelSubject, SnpSubject, Subject } from './subjects.ts'

/** A subject out of what the test kit made. */
export function intelSubject(name: string, tee: 'sgx' | 'tdx', made: MadeIntel): IntelSubject {
  const { evidence, collateral, anchor, at } = made
  return { name: `made/${name}`, tee, evidence, collateral, anchors: [anchor], at: at.getTime() }
}

function snp(name: string, made: MadeSnp): SnpSubject {
  const { evidence, collateral, anchor, at } = made
  return { name: `made/${name}`, tee: 'snp', evidence, collateral, anchors: [anchor], at: at.getTime() }
}

/** Samples that the test kit signs: one of each layout, for a clone without vectors. */
export function madeSubjects(): readonly Subject[] {
  return [
    intelSubject('sgx-v3', 'sgx', makeSgx()),
    intelSubject('sgx-v4-processor', 'sgx', makeSgx({ version: 4, ca: 'processor' })),
    intelSubject('sgx-v5', 'sgx', makeSgx({ version: 5 })),
    intelSubject('tdx-v4', 'tdx', makeTdx()),
    intelSubject('tdx-v5-td15', 'tdx', makeTdx({ version: 5, bodyType: 3 })),
    intelSubject('tdx-v5-td15-extended', 'tdx', makeTdx({ version: 5, bodyType: 4 })),
    snp('milan-v2-vcek', makeSnp({ product: 'Milan', version: 2 })),
    snp('genoa-v5-vlek', makeSnp({ role: 'vlek', version: 5 })),
    snp('turin-v5-vcek', makeSnp({ product: 'Turin', version: 5 })),
    snp('genoa-v3-id-block', makeSnp({ idBlock: { idKey: generateKey('P-384'), authorKey: generateKey('P-384') } })),
  ]
}
