import { canonicalJson } from '@sekisho/evidence'
import type { Around } from '../around.ts'
import type { CaseResult, CaseRunner } from '../conformance/case.ts'
import { findCases, readCase, unreadCase } from '../conformance/find.ts'
import { CliError, EXIT, unreadable } from '../exit.ts'
import { renderConformance } from '../render/conformance.ts'

/** Options of `sekisho conformance`. */
export interface ConformanceOptions {
  readonly json?: true
  readonly verbose?: true
}

/** How many cases came out how. */
export interface Totals {
  readonly cases: number
  readonly pass: number
  readonly fail: number
  readonly unsupported: number
}

/**
 * Runs every case below the folders. A case whose file cannot be read, being no JSON say, fails, and the exit code is 3; the others still run.
 *
 * @throws CliError (unreadable) for a folder without any case
 */
export async function conformanceCommand(
  folders: readonly string[],
  options: ConformanceOptions,
  around: Around,
): Promise<number> {
  const runners = await loadRunners()
  const results: CaseResult[] = []
  let allRead = true
  for (const folder of folders) {
    const found = await findCases(folder)
    if (found.length === 0)
      throw unreadable(
        `${folder}: no case.json, no mutations.json and no list of launch measurements in or below this folder`,
      )
    for (const file of found) {
      try {
        results.push(...(await readCase(file, runners)))
      } catch (error) {
        if (!(error instanceof CliError)) throw error
        allRead = false
        results.push(unreadCase(file, error))
      }
    }
  }
  const totals = totalsOf(results)
  if (options.json === true) around.out(`${canonicalJson({ totals, cases: results })}\n`)
  else around.out(renderConformance({ results, totals, verbose: options.verbose === true }, around))
  if (!allRead) return EXIT.unreadable
  return totals.fail > 0 ? EXIT.rejected : totals.unsupported > 0 ? EXIT.incomplete : EXIT.ok
}

async function loadRunners(): Promise<readonly CaseRunner[]> {
  const runners: readonly Promise<CaseRunner>[] = [
    import('../conformance/snp/cases.ts').then((one) => one.snpCases),
    import('../conformance/intel/cases.ts').then((one) => one.intelCases),
    import('../conformance/nitro/cases.ts').then((one) => one.nitroCases),
    import('../conformance/sev/cases.ts').then((one) => one.sevCases),
    import('../conformance/ibm-se/cases.ts').then((one) => one.ibmSeCases),
    import('../conformance/nvidia/cases.ts').then((one) => one.nvidiaCases),
    import('../conformance/arm/cca.ts').then((one) => one.ccaCases),
    import('../conformance/arm/psa.ts').then((one) => one.psaCases),
    import('../conformance/tpm/cases.ts').then((one) => one.tpmCases),
    import('../conformance/tpm/measured-boot.ts').then((one) => one.measuredBootCases),
    import('../conformance/azure.ts').then((one) => one.azureCases),
    import('../conformance/token/x509.ts').then((one) => one.x509Cases),
    import('../conformance/token/ias.ts').then((one) => one.iasCases),
    import('../conformance/token/cases.ts').then((one) => one.tokenCases),
  ]
  return Promise.all(runners)
}

function totalsOf(results: readonly CaseResult[]): Totals {
  const count = (outcome: CaseResult['outcome']): number =>
    results.filter((result) => result.outcome === outcome).length
  return { cases: results.length, pass: count('pass'), fail: count('fail'), unsupported: count('unsupported') }
}
