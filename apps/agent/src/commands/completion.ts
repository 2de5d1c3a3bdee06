import type { Command } from 'commander'
import { parseChoice } from './arguments.ts'
import { buildProgram } from './build-program.ts'
import type { Action } from './shell.ts'

export const completion: Action<[string]> = async ({ io }, _options, shell) => {
  const script = SCRIPTS[parseChoice(shell, 'a shell', ['bash', 'zsh', 'fish'])](wordsOf(buildProgram()))
  io.document('completion', { shell, script })
  io.print(script.trimEnd())
}

/** `''`, `order`, `order create` -> the words that may follow. */
function wordsOf(program: Command): Map<string, string[]> {
  const words = new Map<string, string[]>()
  const globals = program.options.flatMap(({ long }) => (long ? [long] : []))
  const walk = (command: Command, path: string) => {
    const own = command.options.flatMap(({ long }) => (long ? [long] : []))
    const verbs = command.commands.map((child) => child.name())
    words.set(path, [...new Set([...verbs, ...own, ...globals, '--help'])])
    for (const child of command.commands) walk(child, `${path} ${child.name()}`.trim())
  }
  walk(program, '')
  return words
}

const cases = (words: Map<string, string[]>) =>
  [...words].map(([path, next]) => `    '${path}') words='${next.join(' ')}' ;;`).join('\n')

const SCRIPTS: Record<'bash' | 'zsh' | 'fish', (words: Map<string, string[]>) => string> = {
  bash: (words) => `# bash completion of dmc-agent
_dmc_agent() {
  local words path='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) [[ $(wc -w <<<"$path") -lt 2 ]] && path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${cases(words)}
    *) words='' ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
  [[ \${#COMPREPLY[@]} -eq 0 ]] && COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o filenames -F _dmc_agent dmc-agent
`,
  zsh: (words) => `#compdef dmc-agent
_dmc_agent() {
  local words_found path='' word
  for word in "\${words[@]:1:$((CURRENT-2))}"; do
    [[ $word == -* ]] || [[ \${#\${(s: :)path}} -ge 2 ]] || path="\${path:+$path }$word"
  done
  case "$path" in
${cases(words).replaceAll('words=', 'words_found=')}
    *) words_found='' ;;
  esac
  compadd -- \${(s: :)words_found} || _files
}
compdef _dmc_agent dmc-agent
`,
  fish: (words) =>
    [...words]
      .map(([path, next]) => {
        const [noun, verb] = path.split(' ')
        const when = !noun
          ? '__fish_use_subcommand'
          : verb
            ? `__fish_seen_subcommand_from ${noun}; and __fish_seen_subcommand_from ${verb}`
            : `__fish_seen_subcommand_from ${noun}`
        return `complete -c dmc-agent -n '${when}' -a '${next.join(' ')}'`
      })
      .join('\n'),
}
