'use client'

import { useMutation } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { type FormEvent, useEffect, useRef, useState } from 'react'
import { shortHex } from '../../lib/short-hex.ts'
import { useTRPC } from '../../lib/trpc.ts'
import type { RouterOutputs } from '../../server/router.ts'
import { Button } from '../../ui/button.tsx'
import { Card, CardBody, CardHeader } from '../../ui/card.tsx'
import { Command } from '../../ui/copy.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { Failed } from '../../ui/list-state.tsx'
import { OperatorRights } from './operator-rights.tsx'

type Waiting = RouterOutputs['pairing']['lookup']

/** Pairing in the browser: code, the same two words as in the terminal, what the key may do, yes or no. */
export function PairPanel({ code: fromLink }: { code: string }) {
  const trpc = useTRPC()
  const [code, setCode] = useState(fromLink)
  const lookup = useMutation(trpc.pairing.lookup.mutationOptions())
  const { mutate } = lookup
  const asked = useRef(false)
  useEffect(() => {
    if (fromLink === '' || asked.current) return
    asked.current = true
    mutate({ code: fromLink })
  }, [fromLink, mutate])
  if (lookup.data !== undefined) return <Approve waiting={lookup.data} onOther={() => lookup.reset()} />
  const submit = (event: FormEvent) => {
    event.preventDefault()
    mutate({ code })
  }
  return (
    <div className="grid gap-4">
      <Card>
        <CardHeader
          title="1. On the machine with the files or the disk"
          about="It shows a code and two words."
        />
        <CardBody>
          <Command text="npx dmc-agent" />
        </CardBody>
      </Card>
      <Card>
        <CardHeader title="2. Type the code here" />
        <CardBody>
          <form onSubmit={submit} className="flex flex-wrap items-end gap-3">
            <Field id="code" label="Code from the terminal" className="flex-1">
              <Input
                id="code"
                autoComplete="one-time-code"
                autoCapitalize="characters"
                spellCheck={false}
                placeholder="BCDF-GHJK"
                maxLength={12}
                value={code}
                onChange={(event) => setCode(event.target.value.toUpperCase())}
                className="h-12 text-center font-mono text-xl tracking-[0.25em] uppercase"
              />
            </Field>
            <Button
              type="submit"
              look="primary"
              className="h-12"
              disabled={lookup.isPending || code.replace(/[^A-Z]/g, '').length < 8}
            >
              {lookup.isPending ? 'Looking…' : 'Continue'}
            </Button>
          </form>
          {lookup.error === null ? null : <Failed error={lookup.error} />}
        </CardBody>
      </Card>
    </div>
  )
}

function Approve({ waiting, onOther }: { waiting: Waiting; onOther: () => void }) {
  const trpc = useTRPC()
  const router = useRouter()
  const [name, setName] = useState(waiting.host.slice(0, 60))
  const miner = waiting.roles.includes('miner')
  const approve = useMutation({
    ...trpc.pairing.approve.mutationOptions(),
    onSuccess: ({ agentId }) =>
      router.push(
        miner && !waiting.roles.includes('user')
          ? `/m/bills/new?agent=${agentId}`
          : `/u/sources/new?agent=${agentId}`,
      ),
  })
  const deny = useMutation({ ...trpc.pairing.deny.mutationOptions(), onSuccess: onOther })
  return (
    <Card>
      <CardHeader
        title={<span className="[overflow-wrap:anywhere]">{waiting.host} wants to work for you</span>}
        about="Only approve it if you started it yourself, just now."
      />
      <CardBody className="grid gap-5">
        <div className="rounded-xl bg-accent-soft px-5 py-5 text-center">
          <p className="text-[0.8125rem] text-soft">Does the terminal show these two words?</p>
          <p className="mt-1 text-2xl font-semibold tracking-tight text-accent-text">{waiting.words}</p>
          <p className="mt-1 font-mono text-xs text-muted">{waiting.code}</p>
        </div>
        <Facts
          items={[
            ['Host', waiting.host],
            ['System', `${waiting.os}, ${waiting.arch}`],
            ['Agent', waiting.version],
            ['Asks from', waiting.remote ?? 'unknown'],
            [
              'Its key',
              <span key="key" className="font-mono" title={waiting.operator}>
                {shortHex(waiting.operator)}
              </span>,
            ],
          ]}
        />
        <OperatorRights miner={miner} />
        <Field id="name" label="Name it" hint="So that you know it among your hosts.">
          <Input id="name" value={name} maxLength={60} onChange={(event) => setName(event.target.value)} />
        </Field>
        <div className="flex flex-wrap gap-3">
          <Button
            look="primary"
            size="large"
            className="flex-1"
            disabled={approve.isPending || name.trim() === ''}
            onClick={() => approve.mutate({ code: waiting.code, name: name.trim() })}
          >
            {approve.isPending ? 'Approving…' : 'The words match: approve'}
          </Button>
          <Button
            size="large"
            look="danger"
            disabled={deny.isPending}
            onClick={() => deny.mutate({ code: waiting.code })}
          >
            Deny
          </Button>
        </div>
        {approve.error === null ? null : <Failed error={approve.error} />}
      </CardBody>
    </Card>
  )
}
