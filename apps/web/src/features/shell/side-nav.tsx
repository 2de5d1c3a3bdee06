'use client'

import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { useEffect, useState } from 'react'
import { cn } from '../../lib/cn.ts'
import { Brand } from '../site/brand.tsx'
import { COMMON_ITEMS, isCurrent, type NavItem, ROLE_ITEMS, type Role } from './nav-items.ts'

const REMEMBERED = 'dmc:role'

/** User or miner: the address decides; pages of both keep the last one. */
export function useRole(): Role {
  const path = usePathname()
  const fixed: Role | null = /^\/m(\/|$)/.test(path) ? 'miner' : /^\/u(\/|$)/.test(path) ? 'user' : null
  const [kept, setKept] = useState<Role>('user')
  useEffect(() => {
    if (fixed !== null) window.localStorage.setItem(REMEMBERED, fixed)
    else if (window.localStorage.getItem(REMEMBERED) === 'miner') setKept('miner')
  }, [fixed])
  return fixed ?? kept
}

export function SideNav({ onNavigate }: { onNavigate?: () => void }) {
  const role = useRole()
  return (
    <div className="flex h-full flex-col gap-5 px-3 py-4">
      <Link href="/" className="mx-2 w-fit rounded-lg" aria-label="DMC, to the start page" prefetch={false}>
        <Brand />
      </Link>
      <nav
        aria-label="Role"
        className="grid grid-cols-2 gap-1 rounded-lg bg-raised p-1 text-[0.8125rem] font-medium"
      >
        {(['user', 'miner'] as const).map((each) => (
          <Link
            key={each}
            href={each === 'user' ? '/u' : '/m'}
            prefetch={false}
            {...(onNavigate === undefined ? {} : { onClick: onNavigate })}
            aria-current={role === each ? 'true' : undefined}
            className={cn(
              'rounded-md py-1 text-center',
              role === each ? 'bg-surface text-text shadow-card' : 'text-muted hover:text-text',
            )}
          >
            {each === 'user' ? 'User' : 'Miner'}
          </Link>
        ))}
      </nav>
      <nav aria-label="Main" className="flex flex-1 flex-col gap-5">
        <Items items={ROLE_ITEMS[role]} onNavigate={onNavigate} />
        <div className="border-t border-line" aria-hidden />
        <Items items={COMMON_ITEMS} onNavigate={onNavigate} />
      </nav>
    </div>
  )
}

function Items({ items, onNavigate }: { items: NavItem[]; onNavigate: (() => void) | undefined }) {
  const path = usePathname()
  return (
    <ul className="grid gap-0.5">
      {items.map(({ href, name, Icon }) => {
        const here = isCurrent(href, path)
        return (
          <li key={href}>
            <Link
              href={href}
              prefetch={false}
              {...(onNavigate === undefined ? {} : { onClick: onNavigate })}
              aria-current={here ? 'page' : undefined}
              className={cn(
                'flex h-9 items-center gap-2.5 rounded-lg px-2.5 text-sm font-medium transition-colors',
                here ? 'bg-raised text-text' : 'text-muted hover:bg-raised/70 hover:text-text',
              )}
            >
              <Icon className={cn('size-4 shrink-0', here && 'text-accent-text')} aria-hidden />
              {name}
            </Link>
          </li>
        )
      })}
    </ul>
  )
}
