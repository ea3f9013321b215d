const AT = '--at 2026-06-15T12:00:00Z'
const ROOT = '--trust-anchor examples/example-root.json'

/** The README of the examples. */
export const EXAMPLES_README: string = `# Everything here is signed by an example authority, not by hardware

The test kit of this project made these files (\`node tools/dist/src/make-examples.js examples\`) and did not keep the
keys. You must tell a verifier to trust their roots (\`--trust-anchor\`) and to accept what is not hardware
(\`allowEmulated: true\` in the expectations), and every verdict says EMULATED. The collateral is valid until the end
of 2049, so the commands also work without \`--at\`. The [primer](../docs/primer.md) explains what they show.

Build once with \`npm ci && npm run build\`, then try these in the project's folder:

| Folder | What it shows | Verdict (exit code) |
| --- | --- | --- |
| \`sgx\` | an SGX quote (format 3) of a production enclave | verified (0) |
| \`tdx\` | a TDX quote (format 4) with its CCEL event log, which replays to RTMR0 to RTMR2 | verified (0) |
| \`snp-genoa\` | an SEV-SNP report (version 3, Genoa) with VCEK, ASK, ARK and revocation list | verified (0) |
| \`tdx-out-of-date\` | an authentic quote of a platform whose SEAM loader is at 3 while the current level asks for 5; the remedy says who can update it | rejected (1) |
| \`tdx-debug\` | an authentic quote of a TD whose host may read and change its memory | rejected (1) |
| \`sgx\` with \`expect-nothing.yaml\` | the same quote when nobody says what is expected: genuine, but which code? | incomplete (2) |

\`\`\`sh
npx sekisho verify examples/sgx/quote.bin --collateral examples/sgx/collateral.json --expect examples/sgx/expect.yaml ${ROOT} ${AT}
npx sekisho verify examples/tdx/quote.bin --collateral examples/tdx/collateral.json --event-log examples/tdx/ccel.bin --expect examples/tdx/expect.yaml ${ROOT} ${AT}
npx sekisho verify examples/snp-genoa/report.bin --collateral examples/snp-genoa --expect examples/snp-genoa/expect.yaml ${ROOT} ${AT}
npx sekisho verify examples/tdx-out-of-date/quote.bin --collateral examples/tdx-out-of-date/collateral.json --expect examples/tdx-out-of-date/expect.yaml ${ROOT} ${AT}
npx sekisho verify examples/tdx-debug/quote.bin --collateral examples/tdx-debug/collateral.json --expect examples/tdx-debug/expect.yaml ${ROOT} ${AT}
npx sekisho verify examples/sgx/quote.bin --collateral examples/sgx/collateral.json --expect examples/expect-nothing.yaml ${ROOT} ${AT}
\`\`\`

\`npx sekisho inspect examples/tdx/quote.bin\` decodes without judging.
\`npx sekisho diff examples/tdx/quote.bin examples/tdx-debug/quote.bin\` shows where two quotes differ.
`
