import { formatSizeExact } from '@dmc/core/units/format-size'
import { formatTokensExact } from '@dmc/core/units/format-tokens'
import { SETTINGS, type SettingKey } from './settings.ts'

/** A setting's value as text that `config set` takes back; what may hold a token shows without path and query. */
export function showSetting(key: SettingKey, value: unknown, { full = false } = {}): string {
  if (value === undefined || value === null) return '–'
  if (key === 'spoolLimit') return formatSizeExact(BigInt(value as number))
  if (typeof value === 'bigint') return formatTokensExact(value)
  const parts = Array.isArray(value) ? value.map(String) : [String(value)]
  return parts.map((part) => (SETTINGS[key].secret && !full ? hidePath(part) : part)).join(',')
}

function hidePath(url: string): string {
  const { protocol, host, pathname, search, username } = new URL(url)
  const more = pathname !== '/' || search !== '' || username !== ''
  return `${protocol}//${host}${more ? '/…' : ''}`
}
