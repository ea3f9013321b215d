import { ADVISORY, type Facts, FORBID, NAMESPACE, POLICY, REFERENCE, RESOURCE, type StepId } from './model.ts'

/** The same on the command line and in a program. */
export interface Equivalent {
  readonly command: string
  readonly code: string
}

/** Where a checkpoint keeps its emulated world unless it was told of another data folder. */
const WORLD = '~/.local/state/sekisho/world.json'
const IN = `--namespace ${NAMESPACE}`
const REQUEST = `sekisho request ${RESOURCE} ${IN} --emulated snp --product Milan --world ${WORLD}`

/** What does the same as a step; ids of this run stand in it where it has come to them. */
export function equivalentOf(step: StepId, facts: Facts): Equivalent {
  return EQUIVALENTS[step](facts)
}

const EQUIVALENTS: Readonly<Record<StepId, (facts: Facts) => Equivalent>> = {
  namespace: () => ({
    command: `sekisho namespace create ${NAMESPACE}`,
    code: owner('POST', '/namespaces', `{ name: '${NAMESPACE}' }`),
  }),
  secret: () => ({
    command: `sekisho secret put ${RESOURCE} password.txt ${IN}`,
    code: owner('PUT', ns(`/secrets/${RESOURCE}`), `{ value: btoa(password), contentType: 'text/plain' }`),
  }),
  policy: () => ({
    command: `cat > policy.cedar <<'CEDAR'\n${POLICY}CEDAR\nsekisho policy set policy.cedar ${IN} --note 'first run'`,
    code: owner('PUT', ns('/policy'), `{ text: await readFile('policy.cedar', 'utf8'), note: 'first run' }`),
  }),
  reference: () => ({
    command: [
      `sekisho emulate attest snp --product Milan --world ${WORLD} -o report.bin`,
      `sekisho reference from-evidence ${REFERENCE} report.bin ${IN} --owner 'first run'`,
    ].join('\n'),
    code: owner('PUT', ns(`/references/${REFERENCE}`), `{ tee: 'snp', values: { measurement: [launchDigest] } }`),
  }),
  refused: ({ flaw }) => ({
    command: `${REQUEST} ${flaw === 'debug' ? '--debug' : `--measurement ${'5e'.repeat(48)}`} -o password.txt`,
    code: `${ASKING}// Refusal: ${flaw === 'debug' ? 'debug-enabled' : 'reference-mismatch'}, and the id of the decision`,
  }),
  why: ({ refusal }) => ({
    command: `sekisho decision show ${refusal?.decision ?? 'DECISION'} ${IN}`,
    code: owner('GET', ns(`/decisions/${refusal?.decision ?? 'DECISION'}`)),
  }),
  attested: () => ({ command: `${REQUEST} -o password.txt`, code: ASKING }),
  released: () => ({ command: `${REQUEST} -o password.txt\ncat password.txt`, code: `${ASKING}use(secret)` }),
  receipt: ({ decision = 'DECISION' }) => ({
    command: [
      'sekisho log key -o log.key    # once, and kept',
      `sekisho log receipt ${decision} ${IN} -o receipt.json`,
      'sekisho log check-receipt receipt.json --key log.key',
    ].join('\n'),
    code: [
      "import { verifyReceipt } from '@sekisho/broker'",
      '',
      `const receipt = ${owner('GET', ns(`/decisions/${decision}/receipt`))}`,
      'const { valid, entry } = verifyReceipt(await receipt.json(), keptLogKey)',
    ].join('\n'),
  }),
  advisory: () => ({
    command: [
      `echo '${JSON.stringify({ id: ADVISORY, vendor: 'amd', products: ['Milan'], published: '2026-11-21' })}' > advisory.json`,
      `sekisho advisory put advisory.json ${IN}`,
      `sekisho advisory affected ${ADVISORY} ${IN}`,
    ].join('\n'),
    code: owner('POST', ns('/advisories'), `{ id: '${ADVISORY}', vendor: 'amd', products: ['Milan'], published }`),
  }),
  line: () => ({
    command: `cat >> policy.cedar <<'CEDAR'\n${FORBID}CEDAR\nsekisho policy dry-run policy.cedar ${IN}\nsekisho policy set policy.cedar ${IN} --note ${ADVISORY}`,
    code: owner('PUT', ns('/policy'), `{ text: await readFile('policy.cedar', 'utf8'), note: '${ADVISORY}' }`),
  }),
  lost: () => ({
    command: `sekisho lease list ${IN}`,
    code: [
      "import { watchLease } from '@sekisho/attester'",
      '',
      'for await (const { ended, kind, reason } of watchLease({ url, lease }))',
      '  if (ended) stop(kind, reason)',
    ].join('\n'),
  }),
}

function ns(path: string): string {
  return `/namespaces/${NAMESPACE}${path}`
}

function owner(method: string, path: string, body?: string): string {
  const json = body === undefined ? '' : `,\n  body: JSON.stringify(${body})`
  const type = body === undefined ? '' : `, 'content-type': 'application/json'`
  return `await fetch(\`\${url}/api/v1${path}\`, {
  method: '${method}',
  headers: { authorization: \`Bearer \${token}\`${type} }${json},
})`
}

/** What a workload runs on real hardware: the machine it is on signs, by configfs-tsm. */
const ASKING = `import { requestLeasedSecret, tsmAttester } from '@sekisho/attester'

const attester = await tsmAttester()
const { secret, lease } = await requestLeasedSecret({
  url, attester, namespace: '${NAMESPACE}', resource: '${RESOURCE}',
})
`
