import { formatSize } from '@dmc/core/units/format-size'
import { Coins, FolderLock, Scale } from 'lucide-react'
import Link from 'next/link'
import { HeroProof, type ProvenOrder } from '../../features/site/hero-proof.tsx'
import { bare, count, dmc, space } from '../../lib/amounts.ts'
import { attempt, serverApi } from '../../lib/server-api.ts'
import type { RouterOutputs } from '../../server/router.ts'
import { LinkButton } from '../../ui/button.tsx'
import { Command } from '../../ui/copy.tsx'
import { Stat, Stats } from '../../ui/stat.tsx'

const FACTS = [
  {
    Icon: FolderLock,
    title: 'Yours alone',
    text: 'Files are cut, compressed and encrypted on your own machine. Miners see sealed bytes; the keys come from 24 words that only you have.',
  },
  {
    Icon: Scale,
    title: 'Proven, not promised',
    text: 'Both sides compute the fingerprint of the data apart and state it on chain. From then on any kilobyte can be asked for, and must be proven.',
  },
  {
    Icon: Coins,
    title: 'Someone pays for loss',
    text: 'Miners lock a pledge for every order. Who can’t prove the data in time loses it, and your share of it is yours.',
  },
] as const

const STEPS = [
  [
    'Connect your wallet',
    'It signs you in and, later, your order. No account, no e-mail, no key on a server.',
  ],
  ['Start the agent on your machine', 'It shows a code and two words; you compare them and approve it here.'],
  ['Pick a folder', 'The best bill for it is found for you, with the reason. One permit, one transaction.'],
  ['Watch it become safe', 'Scan, delivery, both commitments, active. Restore any file, whenever you like.'],
] as const

export default async function LandingPage() {
  const api = await serverApi()
  const [stats, newest, me] = await Promise.all([
    attempt(api.market.stats()),
    attempt(api.market.orders({ states: ['active'], limit: 1 })),
    attempt(api.auth.me()),
  ])
  const market = stats.data
  return (
    <>
      <section className="relative grid items-center gap-10 py-14 sm:py-20 lg:grid-cols-[1.15fr_1fr] lg:gap-16">
        <div
          aria-hidden
          className="pointer-events-none absolute inset-x-0 -top-10 -z-10 h-80"
          style={{ background: 'radial-gradient(60% 100% at 70% 0%, var(--glow), transparent 70%)' }}
        />
        <div>
          <p className="mb-4 inline-flex items-center gap-2 rounded-full border border-line bg-surface px-3 py-1 text-xs font-medium text-soft">
            A market for backups
          </p>
          <h1 className="text-4xl leading-[1.08] font-semibold tracking-tight sm:text-5xl">
            Backups that are <span className="text-accent-text">proven</span>, by people who lose money if
            they are not.
          </h1>
          <p className="mt-5 max-w-xl text-base text-muted sm:text-[1.0625rem]">
            Pick a folder. It is encrypted on your machine and stored by a miner who locks tokens for it. A
            contract holds both sides’ money and promises.
          </p>
          <div className="mt-7 flex flex-wrap items-center gap-3">
            <LinkButton
              href={me.data === null ? '/connect' : '/u'}
              look="primary"
              size="large"
              prefetch={false}
            >
              {me.data === null ? 'Connect wallet' : 'Open the dashboard'}
            </LinkButton>
            <LinkButton href="/market" size="large" prefetch={false}>
              Look at the market
            </LinkButton>
          </div>
          <details className="mt-4 max-w-xl text-[0.8125rem] text-muted">
            <summary className="w-fit rounded underline decoration-line-strong underline-offset-3 hover:text-text">
              I have no wallet
            </summary>
            <p className="mt-2">
              A wallet is a browser extension that keeps your key and signs for you; every common one for
              Ethereum works here. On a devnet you need none: choose{' '}
              <Link href="/connect" prefetch={false} className="underline">
                the test account
              </Link>{' '}
              and click through everything with tokens that are worth nothing.
            </p>
          </details>
        </div>
        <HeroProof order={toProven(newest.data?.items[0])} />
      </section>

      <section aria-labelledby="now">
        <h2 id="now" className="mb-3 text-sm font-semibold">
          The market now
        </h2>
        {market === null ? (
          <p
            role="alert"
            className="rounded-card border border-line bg-warn-soft px-5 py-4 text-sm text-warn"
          >
            The chain can’t be read at the moment. Nothing is lost: your agents ask it themselves.
          </p>
        ) : (
          <Stats>
            <Stat
              label="Open bills"
              value={count(market.openBills)}
              note={
                market.openBills === 0
                  ? 'The first miner has yet to come'
                  : `of ${count(market.miners)} ${market.miners === 1 ? 'miner' : 'miners'}`
              }
            />
            <Stat
              label="Cheapest space"
              value={market.cheapestPrice === null ? '–' : `${bare(market.cheapestPrice)} DMC`}
              note="per GiB and week"
            />
            <Stat
              label="Free on the market"
              value={space(market.freeMiB)}
              note={`${dmc(market.pledge, 0)} pledged`}
            />
            <Stat
              label="Active orders"
              value={count(market.activeOrders)}
              note={`${formatSize(market.storedBytes)} proven`}
            />
          </Stats>
        )}
      </section>

      <section aria-label="What it is" className="mt-14 grid gap-8 md:grid-cols-3">
        {FACTS.map(({ Icon, title, text }) => (
          <div key={title}>
            <span className="mb-3 grid size-9 place-items-center rounded-lg bg-accent-soft text-accent-text">
              <Icon className="size-[1.125rem]" aria-hidden />
            </span>
            <h3 className="text-base font-semibold">{title}</h3>
            <p className="mt-1.5 text-muted">{text}</p>
          </div>
        ))}
      </section>

      <section id="how" aria-labelledby="how-title" className="mt-16 grid gap-8 lg:grid-cols-[1fr_1.6fr]">
        <div>
          <h2 id="how-title" className="text-2xl font-semibold">
            From a folder to proven bytes in minutes
          </h2>
          <p className="mt-3 text-muted">
            One command on the machine that has the files. Everything else happens here.
          </p>
          <div className="mt-5 max-w-sm">
            <Command text="npx dmc-agent" />
          </div>
          <p className="mt-6 text-muted">
            You have disk space instead?{' '}
            <Link
              href="/m"
              prefetch={false}
              className="font-medium text-accent-text underline underline-offset-3"
            >
              Offer it as a miner
            </Link>
          </p>
        </div>
        <ol className="grid gap-px overflow-hidden rounded-card border border-line bg-line shadow-card sm:grid-cols-2">
          {STEPS.map(([title, text], i) => (
            <li key={title} className="bg-surface p-5">
              <span className="tabular text-xs font-medium text-muted">{i + 1}</span>
              <h3 className="mt-1 font-semibold">{title}</h3>
              <p className="mt-1 text-[0.8125rem] text-muted">{text}</p>
            </li>
          ))}
        </ol>
      </section>
    </>
  )
}

function toProven(order: RouterOutputs['market']['orders']['items'][number] | undefined): ProvenOrder | null {
  if (order?.commitment == null) return null
  const { root, size } = order.commitment
  return {
    orderId: order.orderId,
    size,
    userRoot: order.userPrepare?.root ?? root,
    minerRoot: order.minerPrepare?.root ?? root,
  }
}
