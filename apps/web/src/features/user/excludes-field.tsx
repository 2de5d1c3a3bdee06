import { Field, Textarea } from '../../ui/field.tsx'

/** One pattern a line; empty lines say nothing. */
export const patternsOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')

/** What a source leaves out. */
export function ExcludesField({
  id,
  value,
  onChange,
  error,
}: {
  id: string
  value: string
  onChange: (text: string) => void
  error?: string | null
}) {
  return (
    <Field
      id={id}
      label="Leave out"
      aside="optional"
      hint="One pattern a line, as in a .gitignore file: *.tmp anywhere, /cache at the top, build/ only folders."
      error={error}
    >
      <Textarea
        id={id}
        rows={3}
        spellCheck={false}
        placeholder={'*.tmp\nnode_modules/'}
        value={value}
        aria-invalid={error ? true : undefined}
        onChange={(event) => onChange(event.target.value)}
      />
    </Field>
  )
}
