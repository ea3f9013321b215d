/** workerd: takes the cases from a binding, prints the results. */
import { type PortableCase, runSuite } from '../suite.ts'

const entry = {
  async test(_controller: unknown, env: { readonly CASES: string }): Promise<void> {
    const cases: readonly PortableCase[] = JSON.parse(env.CASES)
    console.log(JSON.stringify(await runSuite(cases)))
  },
}

// The module form that workerd asks for.
export default entry
