'use client'

import { formatDuration } from '@dmc/core/units/format-duration'
import { useState } from 'react'
import { useChainConfig } from '../../lib/chain-config.tsx'
import { useOwner } from '../../lib/session.tsx'
import { THEME_COOKIE, THEMES, type Theme } from '../../lib/theme.ts'
import { Card, CardBody, CardHeader } from '../../ui/card.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Hex } from '../../ui/hex.tsx'

const NAMES: Record<Theme, string> = { system: 'As the system', light: 'Light', dark: 'Dark' }

export function Settings() {
  const owner = useOwner()
  const config = useChainConfig()
  const { parameters } = config
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      <Card>
        <CardHeader title="Account" about="Your wallet is the account; there is nothing else to keep." />
        <CardBody className="py-1">
          <Facts items={[['Wallet', <Hex key="wallet" value={owner} what="address" ends={6} />]]} />
        </CardBody>
      </Card>
      <Card>
        <CardHeader title="Theme" />
        <CardBody>
          <ThemeChoice />
        </CardBody>
      </Card>
      <Card className="lg:col-span-2">
        <CardHeader
          title="The Market that is served"
          about="Fixed for good when it was deployed; nobody can change these."
        />
        <CardBody className="py-1">
          <Facts
            items={[
              ['Chain', `${config.chainName} (${config.chainId})`],
              ['Market', <Hex key="market" value={config.market} what="Market’s address" ends={6} />],
              ['Token', <Hex key="token" value={config.token} what="token’s address" ends={6} />],
              ['Confirmations', String(config.confirmations)],
              ['A week is', formatDuration(parameters.week)],
              ['Both must agree within', formatDuration(parameters.prepareWindow)],
              ['A challenge must be answered within', formatDuration(parameters.answerWindow)],
              ['A miner’s notice', formatDuration(parameters.notice)],
              ['Of a slashed pledge the user gets', `${Number(parameters.userShare) / 100} %`],
            ]}
          />
        </CardBody>
      </Card>
    </div>
  )
}

function ThemeChoice() {
  const [theme, setTheme] = useState<Theme | null>(null)
  const now =
    theme ?? (typeof document === 'undefined' ? 'system' : (document.documentElement.dataset.theme as Theme))
  return (
    <fieldset className="grid gap-2">
      <legend className="sr-only">Theme</legend>
      {THEMES.map((each) => (
        <label key={each} className="flex w-fit items-center gap-2.5 text-[0.8125rem]">
          <input
            type="radio"
            name="theme"
            suppressHydrationWarning
            checked={now === each}
            onChange={() => {
              document.documentElement.dataset.theme = each
              // biome-ignore lint/suspicious/noDocumentCookie: the cookie store is not in every browser yet
              document.cookie = `${THEME_COOKIE}=${each}; path=/; max-age=31536000; samesite=lax`
              setTheme(each)
            }}
            className="accent-(--accent)"
          />
          {NAMES[each]}
        </label>
      ))}
    </fieldset>
  )
}
