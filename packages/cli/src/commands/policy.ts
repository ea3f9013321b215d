import { canonicalJson } from '@sekisho/evidence'
import type { Around } from '../around.ts'
import { CliError, EXIT, unreadable, usageError } from '../exit.ts'
import { readDocument, readText } from '../options/document.ts'
import { Answer } from '../remote/answer.ts'
import { clientOf } from '../remote/client.ts'
import type { RemoteOptions } from '../remote/profile.ts'
import { emulatedMark, reappraised, show, showRows, when } from '../remote/show.ts'
import { plain } from '../render/plain.ts'
import { SEKISHO } from '../self.ts'

const MAX_POLICY = 512 * 1024

/** `sekisho policy show` */
export async function policyShowCommand(options: RemoteOptions, around: Around): Promise<number> {
  const client = await clientOf(options, around)
  const answer = await client.get(client.in('/policy'))
  const policy = new Answer(answer)
  return show(answer, options, around, (paper) => {
    paper.line(0, 2, {
      text: `// version ${policy.number('version')}, SHA-256 ${policy.text('sha256')}`,
      tone: 'faint',
    })
    paper.verbatim(0, policy.text('text').trimEnd())
  })
}

/** `sekisho policy set` */
export async function policySetCommand(
  file: string,
  options: RemoteOptions & { readonly note?: string; readonly basedOn?: number; readonly strict?: true },
  around: Around,
): Promise<number> {
  const text = await readText(file, around, MAX_POLICY)
  const client = await clientOf(options, around)
  const { note, basedOn, strict } = options
  const json = {
    text,
    ...(note === undefined ? {} : { note }),
    ...(basedOn === undefined ? {} : { basedOn }),
    ...(strict === undefined ? {} : { strict }),
  }
  const typed = { note: '--note', basedOn: '--based-on', strict: '--strict' }
  const answer = await client.send('PUT', client.in('/policy'), { json, typed, file })
  return activated(answer, file, options, around)
}

/** `sekisho policy rollback` */
export async function policyRollbackCommand(
  version: number,
  options: RemoteOptions & { readonly strict?: true },
  around: Around,
): Promise<number> {
  const client = await clientOf(options, around)
  const { strict } = options
  const json = { version, ...(strict === undefined ? {} : { strict }) }
  const typed = { version: 'VERSION', strict: '--strict' }
  const answer = await client.send('POST', client.in('/policy/rollback'), { json, typed })
  return activated(answer, `version ${version}`, options, around)
}

/** @param source names the text that is in force now, before the line of a finding */
function activated(answer: unknown, source: string, options: RemoteOptions, around: Around): number {
  const told = new Answer(answer)
  // Checkpoints of before do not say; `policy lint` does.
  for (const one of told.list('findings'))
    around.err(
      `${plain(`${source}:${one.number('line')}: ${one.text('severity')} ${one.text('message')} [${one.text('code')}]; ${one.text('remedy')}`)}\n`,
    )
  return show(answer, options, around, (paper) => {
    const { live, revoked } = { live: told.number('live'), revoked: told.number('revoked') }
    paper.line(0, 2, `Version ${told.number('version')} is active. ${reappraised(live, revoked)}`)
  })
}

/** `sekisho policy versions` */
export async function policyVersionsCommand(options: RemoteOptions, around: Around): Promise<number> {
  const client = await clientOf(options, around)
  const answer = await client.get(client.in('/policy/versions'))
  return showRows(
    answer,
    options,
    around,
    new Answer(answer).list('versions'),
    [
      { title: 'VERSION', value: (row) => String(row.number('version')) },
      { title: 'ACTIVE', value: (row) => (row.flag('active') ? 'yes' : ''), tone: () => 'good' },
      { title: 'CREATED', value: (row) => when(row.text('created')) },
      { title: 'BY', value: (row) => row.text('createdBy') },
      { title: 'NOTE', value: (row) => row.optional('note') ?? '' },
    ],
    `There is no policy yet: nothing is released. \`${SEKISHO} policy starter\` prints some to start from.`,
  )
}

/** `sekisho policy dry-run`: exit code 1 when something that was permitted would have been refused. */
export async function policyDryRunCommand(file: string, options: RemoteOptions, around: Around): Promise<number> {
  const text = await readText(file, around, MAX_POLICY)
  const client = await clientOf(options, around)
  const answer = await client.send('POST', client.in('/policy/dry-run'), { json: { text }, file })
  const report = new Answer(answer)
  const refused = report.list('refused')
  show(answer, options, around, (paper) => {
    paper.line(0, 2, `It ${report.text('summary')}.`)
    for (const [title, rows] of [
      ['Refused', refused],
      ['Newly permitted', report.list('newlyPermitted')],
    ] as const) {
      if (rows.length > 0) paper.heading(title)
      for (const row of rows)
        paper.line(
          2,
          4,
          row.text('id'),
          ...emulatedMark(row),
          `  ${when(row.text('at'))}  ${row.text('action')} ${row.text('resource')}`,
        )
    }
  })
  return refused.length === 0 ? EXIT.ok : EXIT.rejected
}

/** `sekisho policy lint`: exit code 1 when there is an error among the findings. */
export async function policyLintCommand(
  file: string,
  options: { readonly json?: true },
  around: Around,
): Promise<number> {
  const text = await readText(file, around, MAX_POLICY)
  const { compilePolicies, lintPolicies } = await import('@sekisho/appraisal')
  const findings = await explained(file, async () => {
    await compilePolicies(text)
    return lintPolicies(text)
  })
  show({ findings }, options, around, (paper) => {
    if (findings.length === 0) paper.line(0, 2, `${file}: nothing to say against it.`)
    for (const { line, severity, message, remedy, code } of findings) {
      const tone = severity === 'error' ? 'bad' : 'open'
      paper.line(0, 2, `${file}:${line}: `, { text: severity, tone }, ` ${message} `, {
        text: `[${code}]`,
        tone: 'faint',
      })
      paper.line(2, 2, remedy)
    }
  })
  return findings.some(({ severity }) => severity === 'error') ? EXIT.rejected : EXIT.ok
}

/** `sekisho policy test`: exit code 1 when a case fails, 2 when statements are left untried. */
export async function policyTestCommand(
  file: string,
  casesFile: string,
  options: { readonly world?: string; readonly json?: true },
  around: Around,
): Promise<number> {
  const text = await readText(file, around, MAX_POLICY)
  const content = await readDocument(casesFile, around, 8 * 1024 * 1024)
  const { testPolicies } = await import('@sekisho/appraisal')
  const { readPolicyCases } = await import('../checkpoint/policy-cases.ts')
  const cases = await readPolicyCases(content, casesFile, options.world, around)
  const report = await explained(file, () => testPolicies(text, cases))
  show(report, options, around, (paper) => {
    for (const { name, passed, expected, decision, why = [] } of report.cases) {
      const by = decision.reasons.map(({ id }) => id).join(', ')
      paper.line(
        0,
        2,
        { text: passed ? 'pass' : 'FAIL', tone: passed ? 'good' : 'bad' },
        `  ${name}: ${decision.permitted ? 'permitted' : 'refused'}${by === '' ? '' : ` by ${by}`}`,
        ...(expected === undefined ? [] : [`; expected ${expected}`]),
      )
      for (const reason of why) paper.line(6, 2, reason)
    }
    if (report.unexercised.length > 0) paper.heading('No case exercises')
    for (const { id, effect, line } of report.unexercised) paper.line(2, 4, `${file}:${line}: ${effect} ${id}`)
  })
  if (!report.passed) return EXIT.rejected
  return report.unexercised.length === 0 ? EXIT.ok : EXIT.incomplete
}

/** `sekisho policy starter` */
export async function policyStarterCommand(
  name: string | undefined,
  options: { readonly json?: true },
  around: Around,
): Promise<number> {
  const { STARTER_POLICIES } = await import('@sekisho/appraisal')
  if (name === undefined) {
    return showRows(
      { starters: STARTER_POLICIES },
      options,
      around,
      STARTER_POLICIES,
      [
        { title: 'NAME', value: (row) => row.name },
        { title: 'WHAT IT IS', value: (row) => row.title },
      ],
      'There are none.',
    )
  }
  const found = STARTER_POLICIES.find((one) => one.name === name)
  if (found === undefined)
    throw usageError(
      `there is no starter policy ${name}; there are ${STARTER_POLICIES.map((one) => one.name).join(', ')}`,
    )
  around.out(options.json === true ? `${canonicalJson(found)}\n` : found.text)
  return EXIT.ok
}

/** `sekisho policy schema` */
export async function policySchemaCommand(around: Around): Promise<number> {
  const { CEDAR_SCHEMA } = await import('@sekisho/appraisal')
  around.out(CEDAR_SCHEMA)
  return EXIT.ok
}

/** Policies that cannot be used end with a line for each thing that is wrong with them. */
async function explained<T>(file: string, work: () => Promise<T>): Promise<T> {
  const { PolicyError } = await import('@sekisho/appraisal')
  try {
    return await work()
  } catch (error) {
    if (error instanceof TypeError) throw unreadable(`${file}: ${error.message}`, error)
    if (!(error instanceof PolicyError)) throw error
    const details = error.problems.map(
      ({ line, column, message, hint }) =>
        `${file}:${line}:${column}: ${message}${hint === undefined ? '' : `; ${hint}`}`,
    )
    throw new CliError(EXIT.unreadable, `${file}: these policies cannot be used`, { cause: error, details })
  }
}
