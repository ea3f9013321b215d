/** A policy to start from. */
export interface StarterPolicy {
  readonly name: string
  readonly title: string
  readonly text: string
}

/** Policies to start from: one for each TEE, and the refusal of one CPU generation. */
export const STARTER_POLICIES: readonly StarterPolicy[] = [
  {
    name: 'snp',
    title: 'AMD SEV-SNP: genuine hardware, values that you know',
    text: `@id("snp-verified")
permit (principal, action, resource)
when {
  context.tee == "snp" &&
  context.verdict.outcome == "verified" &&
  context.hardware &&
  !context.debug &&
  !context.references.isEmpty()
};
`,
  },
]
