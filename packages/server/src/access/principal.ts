/** Whoever sent a request, as far as its bearer token tells. */
export interface Principal {
  /** As logs name it; empty for nobody. */
  readonly actor: string
}
