import type { JSX } from 'preact'
import { fragmentOf } from '../../app/route.ts'
import { isRecord, type JsonRecord } from '../../engine/json.ts'
import { useLanguage } from '../../text/language.ts'
import { Mark } from '../../ui/parts.tsx'
import { Said } from '../../ui/said.tsx'
import { Panel } from '../../ui/verdict-view.tsx'
import type { Explained } from './model.ts'
import { DECISIONS } from './texts.ts'

/** Which statement of the policy decided, and what it was told. */
export function PolicyPart({
  decision,
  namespace,
}: {
  readonly decision: Explained
  readonly namespace: string
}): JSX.Element {
  const t = DECISIONS[useLanguage()].policy
  const { policyVersion, context } = decision
  return (
    <>
      <Panel title={t.decided}>
        <Deciding decision={decision} />
        <p class="small">
          {policyVersion === undefined ? null : (
            <>
              <span class="faint">{t.version}:</span> {policyVersion} ·{' '}
            </>
          )}
          <a href={fragmentOf({ at: 'policies', namespace, id: undefined })}>{t.open}</a>
        </p>
      </Panel>
      <Panel title={t.saw}>
        <p class="faint small">{t.lead}</p>
        <dl class="facts compact">
          {rowsOf(context ?? {}).map(([name, value]) => (
            <div key={name}>
              <dt>
                <code>{name}</code>
              </dt>
              <dd>{value === '' ? <span class="faint">{t.empty}</span> : <code>{value}</code>}</dd>
            </div>
          ))}
        </dl>
      </Panel>
    </>
  )
}

/** The gate of policy is reached by releases and renewals, of evidence that is good. */
const BY_POLICY: readonly string[] = ['policy-deny', 'not-found']

function Deciding({ decision }: { readonly decision: Explained }): JSX.Element {
  const t = DECISIONS[useLanguage()].policy
  const { details, outcome, reasonCode, reasons, kind } = decision
  const statements = statementsOf(details['policy'])
  const asked = (kind === 'release' || kind === 'renew') && (outcome !== 'refused' || byPolicy(reasonCode))
  if (statements.length > 0)
    return (
      <ul class="plain">
        {statements.map(({ effect, id, line }) => (
          <li key={`${id}${line}`} class="row">
            <Mark tone={effect === 'forbid' ? 'fail' : 'pass'}>{effect === 'forbid' ? t.forbid : t.permit}</Mark>
            <span>
              {t.statement} <code>{id}</code>, {t.line} {line}
            </span>
          </li>
        ))}
      </ul>
    )
  if (asked && reasons.length > 0)
    return (
      <ul class="plain">
        {reasons.map((one) => (
          <li key={one}>
            <Said text={one} />
          </li>
        ))}
      </ul>
    )
  return <p>{asked && outcome === 'refused' ? t.noStatement : t.notAsked}</p>
}

function byPolicy(code: string | undefined): boolean {
  return code !== undefined && BY_POLICY.includes(code)
}

interface Statement {
  readonly effect: string
  readonly id: string
  readonly line: number
}

function statementsOf(value: unknown): readonly Statement[] {
  if (!Array.isArray(value)) return []
  return value.filter(isRecord).flatMap(({ effect, id, line }) => {
    const whole = typeof effect === 'string' && typeof id === 'string' && typeof line === 'number'
    return whole ? [{ effect, id, line }] : []
  })
}

const MOST_ROWS = 200

/** Members by their path, as a policy writes it: `tcb.status`, `registers.rtmr0`. */
function rowsOf(record: JsonRecord, prefix = ''): readonly (readonly [path: string, value: string])[] {
  return Object.entries(record)
    .flatMap(([name, value]): readonly (readonly [string, string])[] => {
      const path = `${prefix}${name}`
      if (isRecord(value) && Object.keys(value).length > 0) return rowsOf(value, `${path}.`)
      return [[path, wordOf(value)]]
    })
    .slice(0, MOST_ROWS)
}

function wordOf(value: unknown): string {
  if (Array.isArray(value)) return value.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join(', ')
  if (isRecord(value)) return ''
  return String(value)
}
