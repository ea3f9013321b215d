/** Numbers of PKCS #11 version 2.40 (OASIS, pkcs11t.h) that we use. */
export const CKF: {
  readonly rwSession: 2
  readonly serialSession: 4
  readonly tokenInitialized: 0x400
  readonly osLocking: 2
} = {
  rwSession: 2,
  serialSession: 4,
  tokenInitialized: 0x400,
  osLocking: 2,
}
export const CKU_USER = 1
export const CKO_SECRET_KEY = 4n
export const CKK_AES = 0x1fn
export const CKM_AES_KEY_GEN = 0x1080n
export const CKM_AES_GCM = 0x1087n
export const CKA: {
  readonly class: 0
  readonly token: 1
  readonly private: 2
  readonly label: 3
  readonly keyType: 0x100
  readonly id: 0x102
  readonly sensitive: 0x103
  readonly encrypt: 0x104
  readonly decrypt: 0x105
  readonly valueLength: 0x161
  readonly extractable: 0x162
} = {
  class: 0,
  token: 1,
  private: 2,
  label: 3,
  keyType: 0x100,
  id: 0x102,
  sensitive: 0x103,
  encrypt: 0x104,
  decrypt: 0x105,
  valueLength: 0x161,
  extractable: 0x162,
}

/** Return values that a person can do something about, or that we act on. */
export const CKR: ReadonlyMap<number, string> = new Map([
  [0x05, 'CKR_GENERAL_ERROR'],
  [0x06, 'CKR_FUNCTION_FAILED'],
  [0x30, 'CKR_DEVICE_ERROR'],
  [0x31, 'CKR_DEVICE_MEMORY'],
  [0x32, 'CKR_DEVICE_REMOVED'],
  [0x40, 'CKR_ENCRYPTED_DATA_INVALID'],
  [0x41, 'CKR_ENCRYPTED_DATA_LEN_RANGE'],
  [0x60, 'CKR_KEY_HANDLE_INVALID'],
  [0x68, 'CKR_KEY_FUNCTION_NOT_PERMITTED'],
  [0x70, 'CKR_MECHANISM_INVALID'],
  [0x71, 'CKR_MECHANISM_PARAM_INVALID'],
  [0x82, 'CKR_OBJECT_HANDLE_INVALID'],
  [0xa0, 'CKR_PIN_INCORRECT'],
  [0xa3, 'CKR_PIN_EXPIRED'],
  [0xa4, 'CKR_PIN_LOCKED'],
  [0xb0, 'CKR_SESSION_CLOSED'],
  [0xb3, 'CKR_SESSION_HANDLE_INVALID'],
  [0xe0, 'CKR_TOKEN_NOT_PRESENT'],
  [0x100, 'CKR_USER_ALREADY_LOGGED_IN'],
  [0x101, 'CKR_USER_NOT_LOGGED_IN'],
  [0x102, 'CKR_USER_PIN_NOT_INITIALIZED'],
  [0x190, 'CKR_CRYPTOKI_NOT_INITIALIZED'],
  [0x191, 'CKR_CRYPTOKI_ALREADY_INITIALIZED'],
])
