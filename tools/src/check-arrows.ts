import { checkArrows } from './arrows/check.ts'
import { ROOT } from './files.ts'

const { packages, files, violations } = checkArrows(ROOT)
for (const { rule, file, line, message } of violations) {
  console.error(`${file}${line === undefined ? '' : `:${line}`}  ${rule}  ${message}`)
}
console.log(`arrows: ${packages} packages, ${files} files, ${violations.length} violations`)
if (violations.length > 0) process.exitCode = 1
