import { allZero, equalBytes, toHex } from '../core/bytes.ts'
import { fail, pass, REPLACE_EVIDENCE, type StepGroup } from '../core/engine.ts'
import type { Finding } from '../core/verdict.ts'
import { QVL, refetch } from '../dcap/chain-steps.ts'
import { valueOf } from '../dcap/part.ts'
import type { DcapState } from '../dcap/state.ts'
import { equalUnderMask, type ModuleSigner, moduleIdentityOf } from '../dcap/tcb-info.ts'
import type { TdReport } from './report.ts'

/** The step that compares the TDX module with its identity in the TCB info. */
export const MODULE: StepGroup<DcapState<TdReport>> = {
  id: 'tdx.module',
  title: 'TDX module',
  steps: [
    {
      id: 'tdx.module.identity',
      title: "The TDX module is Intel's",
      phase: 'authenticity',
      source: `${QVL}, "TDX module identity"`,
      needs: ['tdx.tcb-info.present', 'tdx.tcb-info.kind', 'tdx.tcb-info.signature'],
      check: moduleFinding,
    },
  ],
}

function moduleFinding({ quote, collateral }: DcapState<TdReport>): Finding {
  const { teeTcbSvn, mrSignerSeam, seamAttributes } = quote.body
  const info = valueOf(collateral.tcbInfo.content)
  const version = teeTcbSvn[1] as number
  const signer: ModuleSigner | undefined =
    info === undefined || version === 0 ? info?.module : moduleIdentityOf(info, version)
  if (signer === undefined)
    return fail(`the TCB info has no identity of TDX module version ${version}`, refetch('the TCB info'))
  if (!equalBytes(mrSignerSeam, signer.mrSigner)) {
    return fail('the TDX module is signed by somebody else than Intel', REPLACE_EVIDENCE, {
      expected: toHex(signer.mrSigner),
      actual: toHex(mrSignerSeam),
    })
  }
  // All zero whatever the mask says: a module with any attribute is no production module.
  if (!allZero(seamAttributes) || !equalUnderMask(seamAttributes, signer.attributesMask, signer.attributes)) {
    return fail('the attributes of the TDX module are not those of its identity', REPLACE_EVIDENCE, {
      expected: toHex(signer.attributes),
      actual: toHex(seamAttributes),
    })
  }
  return pass(`it is signed by Intel, version ${version}`)
}
