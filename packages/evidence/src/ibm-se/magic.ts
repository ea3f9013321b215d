/** `pvattest`, with which an attestation exchange begins. */
export const SE_EXCHANGE_MAGIC: Uint8Array = Uint8Array.from('pvattest', (letter) => letter.charCodeAt(0))

/** `IBMSecEx`, with which a header begins. */
export const SE_HEADER_MAGIC: Uint8Array = Uint8Array.from('IBMSecEx', (letter) => letter.charCodeAt(0))
