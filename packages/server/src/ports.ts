/** What the faces ask of the broker; `openBroker`'s value has these. */
export interface AttestInput {
  readonly session: string
  readonly evidence: unknown
  readonly tee?: string
  readonly additionalEvidence?: string
  readonly runtimeData: { readonly nonce: string; readonly 'tee-pubkey': Readonly<Record<string, unknown>> }
  readonly initData?: { readonly format: string; readonly body: string }
  readonly namespace?: string
  readonly at: Date
}
export interface AttestOutcome {
  readonly token?: string
  readonly appraisal?: string
  readonly decision?: string
  readonly emulated?: boolean
  readonly refusal?: { readonly code: string; readonly id?: string }
}
export type ReleaseOutcome =
  | {
      readonly released: { readonly jwe: unknown; readonly version: number; readonly contentType: string | undefined }
      readonly lease: { readonly id: string; readonly secret: string; readonly expires: Date }
      readonly decision: string
      readonly emulated?: boolean
      readonly refused?: undefined
    }
  | { readonly refused: { readonly code: string; readonly decision: string | undefined }; readonly emulated?: boolean }
export interface Broker {
  challenge(o: {
    readonly namespace: string
    readonly protocol: 'kbs' | 'native'
    readonly tee?: string
    readonly at: Date
  }): Promise<{ readonly session: string; readonly nonce: string; readonly expires: Date }>
  attest(o: AttestInput): Promise<AttestOutcome>
  release(o: {
    readonly by: { readonly session: string } | { readonly token: string }
    readonly namespace: string
    readonly resource: string
    readonly at: Date
  }): Promise<ReleaseOutcome>
}
