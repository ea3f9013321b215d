/** Browsers: fetches the cases from beside the page, and leaves the results to whoever drives the page. */
import { type PortableCase, runSuite } from '../suite.ts'

async function run(): Promise<string> {
  const answer = await fetch('cases.json')
  const cases: readonly PortableCase[] = await answer.json()
  return JSON.stringify(await runSuite(cases))
}

Object.assign(globalThis, { portableResults: run() })
