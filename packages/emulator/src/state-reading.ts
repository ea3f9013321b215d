/** Whether a value read from JSON is as it should be. */
export type Rule = (value: unknown) => boolean

/** A text that matches. */
export function text(pattern: RegExp): Rule {
  return (value) => typeof value === 'string' && pattern.test(value)
}

/** A date that can be read. */
export const date: Rule = (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value))

/** true or false. */
export const flag: Rule = (value) => typeof value === 'boolean'

/** A whole number from 0 on. */
export const count: Rule = (value) => Number.isSafeInteger(value) && Number(value) >= 0

/** One of these words. */
export function word(...words: readonly string[]): Rule {
  return (value) => words.some((one) => one === value)
}

/** The rule, or nothing there. */
export function maybe(rule: Rule): Rule {
  return (value) => value === undefined || rule(value)
}

/** A list of such values. */
export function list(rule: Rule): Rule {
  return (value) => Array.isArray(value) && value.every((one: unknown) => rule(one))
}

/** An object with any names and such values. */
export function names(rule: Rule): Rule {
  return (value) => isRecord(value) && Object.values(value).every((one) => rule(one))
}

/** An object with these members, and no others. */
export function members(rules: Readonly<Record<string, Rule>>): Rule {
  return (value) =>
    isRecord(value) &&
    Object.keys(value).every((name) => Object.hasOwn(rules, name)) &&
    Object.entries(rules).every(([name, rule]) => rule(value[name]))
}

/** An object, as opposed to a list or null. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
