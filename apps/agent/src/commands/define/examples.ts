import type { Command } from 'commander'

/** What the examples of a command's help look like: a line of shell, and what it does. */
export type Example = readonly [command: string, what?: string]

/** Examples behind the options of a help page, and where to read more when there is more. */
export function addExamples(command: Command, examples: readonly Example[], more = ''): Command {
  return command.addHelpText('after', () => {
    const width = Math.max(...examples.map(([line, what]) => (what ? line.length : 0)))
    const lines = examples.map(([line, what]) => {
      const text = `  $ dmc-agent ${line}`
      return what ? `${text}${' '.repeat(width - line.length)}   # ${what}` : text
    })
    return `\n${command.createHelp().styleTitle('Examples:')}\n${lines.join('\n')}${more ? `\n\n${more}` : ''}`
  })
}
