import type { Command } from 'commander'
import type { Around } from '../around.ts'
import { EXIT, usageError } from '../exit.ts'

/** A command as completion sees it. */
interface Completed {
  /** Words that lead to it, without the program's name. */
  readonly path: readonly string[]
  readonly summary: string
  readonly options: readonly { readonly flag: string; readonly summary: string }[]
  readonly commands: readonly string[]
}

/** Prints a completion script, made from the commands themselves. */
export function completionCommand(shell: string, root: Command, around: Around): number {
  const commands = listCommands(root, [])
  const write = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined
  if (write === undefined)
    throw usageError(`there is no completion for ${shell}; there is for ${Object.keys(SHELLS).join(', ')}`)
  around.out(write(commands))
  return EXIT.ok
}

const SHELLS: Readonly<Record<string, (commands: readonly Completed[]) => string>> = { bash, zsh, fish }

function listCommands(command: Command, path: readonly string[]): readonly Completed[] {
  const own: Completed = {
    path,
    summary: command.description(),
    options: [...command.options, { long: '--help', description: 'what is possible' }].flatMap((option) =>
      option.long ? [{ flag: option.long, summary: option.description }] : [],
    ),
    commands: command.commands.map((sub) => sub.name()),
  }
  return [own, ...command.commands.flatMap((sub) => listCommands(sub, [...path, sub.name()]))]
}

function bash(commands: readonly Completed[]): string {
  const cases = commands.map(
    (one) =>
      `    '${one.path.join(' ')}') words='${[...one.commands, ...one.options.map((option) => option.flag)].join(' ')}' ;;`,
  )
  return `# bash completion for sekisho
_sekisho() {
  local current=\${COMP_WORDS[COMP_CWORD]} path='' words='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$path $word" in
${knownPaths(commands)
  .map((path) => `      ' ${path}') path='${path}' ;;`)
  .join('\n')}
${nestedPaths(commands)
  .map((path) => `      '${path}') path='${path}' ;;`)
  .join('\n')}
    esac
  done
  case "$path" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [[ $current == -* ]] || COMPREPLY+=($(compgen -f -- "$current"))
}
complete -o filenames -F _sekisho sekisho
`
}

function zsh(commands: readonly Completed[]): string {
  return `#compdef sekisho
# zsh completion for sekisho, by way of its bash completion
autoload -U +X bashcompinit && bashcompinit
${bash(commands).split('\n').slice(1).join('\n')}`
}

function fish(commands: readonly Completed[]): string {
  const lines = commands.flatMap((one) => {
    const condition = one.path.length === 0 ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${one.path.at(-1)}`
    const subs = one.commands.map((name) => {
      const sub = commands.find((other) => other.path.join(' ') === [...one.path, name].join(' '))
      return `complete -c sekisho -n '${condition}' -a ${name} -d ${quoted(sub?.summary ?? '')}`
    })
    const options = one.options.map(
      (option) => `complete -c sekisho -n '${condition}' -l ${option.flag.slice(2)} -d ${quoted(option.summary)}`,
    )
    return [...subs, ...options]
  })
  return `# fish completion for sekisho\n${lines.join('\n')}\n`
}

function knownPaths(commands: readonly Completed[]): readonly string[] {
  return commands.filter((one) => one.path.length === 1).map((one) => one.path.join(' '))
}

function nestedPaths(commands: readonly Completed[]): readonly string[] {
  return commands.filter((one) => one.path.length > 1).map((one) => one.path.join(' '))
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`
}
