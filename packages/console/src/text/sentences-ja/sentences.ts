/**
 * English sentences and their Japanese, as the sources write them. A hole in braces stands for what differs from verdict
 * to verdict, and is in both. What follows its name says how it is carried over:
 *
 * - `{key}`: as it is.
 * - `{count#}`: as it is, and only decimal digits match.
 * - `{check@}`: as it is, and only text without a space matches.
 * - `{name"}`: as it is, and only a text in quotation marks matches.
 * - `{reason~}`: a sentence or phrase in turn, of which there must be a translation.
 * - `{what?}`: translated where there is a translation, else as it is.
 * - `{faults;}`, `{roles,}`: lists with `; ` or `, ` between, each member as `?` has it.
 */
export type SentencePairs = readonly (readonly [english: string, japanese: string])[]
