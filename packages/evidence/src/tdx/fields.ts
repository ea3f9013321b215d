import type { Field } from '../core/fields.ts'
import { flagFields, layoutFields, type Meanings, quoteFields } from '../dcap/fields.ts'
import type { Layout } from '../dcap/layout.ts'
import type { Quote } from '../dcap/quote.ts'
import {
  decodeTdAttributes,
  decodeXfam,
  TD_REPORT_10,
  TD_REPORT_15,
  TD_REPORT_15_EXTENDED,
  type TdReport,
} from './report.ts'

const MEANINGS: Meanings = {
  teeTcbSvn: 'at launch: TDX module SVN, its major version, SVN of late microcode or SEAM loader, reserved',
  mrSeam: 'measurement of the TDX module',
  mrSignerSeam: 'signer of the TDX module; zero is Intel',
  seamAttributes: 'attributes of the TDX module; zero for production',
  tdAttributes: 'attributes of the TD',
  xfam: 'state components that the TD may use',
  mrTd: 'measurement of what the TD was built from: its firmware',
  mrConfigId: 'configuration, by whoever launches the TD',
  mrOwner: 'owner, by whoever launches the TD',
  mrOwnerConfig: "the owner's configuration, by whoever launches the TD",
  rtmr0: 'extended by firmware: its configuration (PCR 1 and 7)',
  rtmr1: 'extended by firmware: boot loader and kernel (PCR 2 to 6)',
  rtmr2: 'extended by the boot loader: command line, initrd (PCR 8 to 15)',
  rtmr3: 'extended by the workload',
  reportData: '64 bytes chosen by the TD',
  teeTcbSvn2: 'as teeTcbSvn, of what runs now',
  mrServiceTd: 'bound service TD; zero when there is none',
}

/** Every field of a TDX quote, in order of offset, with what it means. */
export function tdxFields(quote: Quote<TdReport>): readonly Field[] {
  const { before, after } = quoteFields(quote)
  return [
    ...before,
    ...layoutFields(
      'report',
      layoutOf(quote.bodyKind.size),
      quote.body,
      quote.bodyOffset,
      'Intel TDX DCAP Quote Generation Library and Quote Verification Library, appendix A.3',
      MEANINGS,
    ),
    ...flagFields('report.tdAttributes', decodeTdAttributes(quote.body.tdAttributes)),
    ...flagFields('report.xfam', decodeXfam(quote.body.xfam)),
    ...after,
  ]
}

function layoutOf(size: number): Layout {
  if (size === 584) return TD_REPORT_10
  return size === 648 ? TD_REPORT_15 : TD_REPORT_15_EXTENDED
}
