import type { Around } from '../around.ts'
import { type AttesterFlags, attesterOf, reportDataOf, withTpm } from '../checkpoint/attesters.ts'
import { writeBytes } from '../checkpoint/write-bytes.ts'
import { EXIT } from '../exit.ts'

/** `sekisho attest`: evidence of this machine, or of an emulated one. */
export async function attestCommand(
  options: AttesterFlags & { readonly reportData?: string; readonly output?: string; readonly json?: true },
  around: Around,
): Promise<number> {
  const reportData = reportDataOf(options.reportData)
  const { attester, close } = await attesterOf(options, around)
  try {
    const { kbs, evidence } = await withTpm(() => attester.attest({ reportData }))
    const bytes = options.json === true ? new TextEncoder().encode(`${JSON.stringify(kbs)}\n`) : evidence
    await writeBytes(options.output, bytes, around)
    return EXIT.ok
  } finally {
    await close()
  }
}
