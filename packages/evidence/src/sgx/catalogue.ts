import { dcapCatalogue } from '../dcap/catalogue.ts'

/** What each check of an SGX verdict establishes when it passes, and what each group of checks is about, by id. */
export const sgxCatalogue: Readonly<Record<string, string>> = dcapCatalogue('sgx', {
  enclave: 'Enclave',
  'enclave.debug': 'The enclave is not in debug mode',
  'enclave.provision-key': 'The enclave may not identify the platform, or you did not refuse that',
  'enclave.attributes': 'The attributes are as you wish',
  'expect.measurement': 'The code is what you expect (MRENCLAVE)',
  'expect.signer': 'The code is signed by whom you expect (MRSIGNER)',
  'expect.product-id': 'It is the enclave of that signer that you mean (ISVPRODID)',
  'expect.svn': "The enclave's version is not below your lowest one (ISVSVN)",
  'expect.host-data': 'The launch-time configuration is what you expect (CONFIGID)',
  'expect.config-svn': 'The configuration is not below your lowest version (CONFIGSVN)',
  'expect.extended-product-id': 'The extended product id is what you expect (ISVEXTPRODID)',
  'expect.family-id': 'The product family is what you expect (ISVFAMILYID)',
})
