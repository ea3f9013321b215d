/** The WebCrypto rows: started by main with `--conditions=browser`, prints its rows as JSON. */
import { webRows } from './verification.ts'

console.log(JSON.stringify(await webRows(process.argv[2] ?? '')))
