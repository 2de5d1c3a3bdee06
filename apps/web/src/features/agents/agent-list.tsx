'use client'

import { OPERATOR_SCOPES } from '@dmc/core/chain/types'
import { formatTime } from '@dmc/core/units/format-time'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { KeyRound, Plus, Server } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { toast } from 'sonner'
import { eth } from '../../lib/amounts.ts'
import { useChainConfig } from '../../lib/chain-config.tsx'
import { readOperator } from '../../lib/chain-read.ts'
import { errorText } from '../../lib/error-text.ts'
import { scopeNames } from '../../lib/scopes.ts'
import { useOwner } from '../../lib/session.tsx'
import { useTRPC } from '../../lib/trpc.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button, LinkButton } from '../../ui/button.tsx'
import { Card, CardBody, CardHeader } from '../../ui/card.tsx'
import { Command, CopyButton } from '../../ui/copy.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Field, Input, Select } from '../../ui/field.tsx'
import { Hex } from '../../ui/hex.tsx'
import { ListState } from '../../ui/list-state.tsx'
import { When } from '../../ui/when.tsx'
import { TransactPanel, Trouble } from '../transactions/transact-panel.tsx'
import { useTransact } from '../transactions/use-transact.ts'
import type { Agent } from './choose-agent.tsx'

/** The Market's code is loaded when something is sent. */
const setOperator = async () => (await import('@dmc/core/chain/acts/set-operator')).setOperatorCall

export function AgentList() {
  const trpc = useTRPC()
  const agents = useQuery(trpc.agents.list.queryOptions())
  return (
    <ListState
      query={agents}
      isEmpty={(all) => all.length === 0}
      none={{
        title: 'No host is paired yet',
        text: 'Run this on the machine with the files or the disk; it shows a code to approve here.',
        action: (
          <div className="grid w-72 gap-3">
            <Command text="npx dmc-agent" />
            <LinkButton look="primary" href="/pair">
              I have a code
            </LinkButton>
          </div>
        ),
      }}
    >
      {(all) => (
        <div className="grid items-start gap-4 lg:grid-cols-2">
          {all.map((agent) => (
            <AgentCard key={agent.agentId} agent={agent} />
          ))}
        </div>
      )}
    </ListState>
  )
}

function AgentCard({ agent }: { agent: Agent }) {
  const config = useChainConfig()
  const owner = useOwner()
  // The chain is asked itself: what a key may do is no matter of what its agent says.
  const operator = useQuery({
    queryKey: ['operator', owner, agent.operator],
    queryFn: () => readOperator(config, { owner, operator: agent.operator }),
    refetchInterval: 10_000,
  })
  const { scopes, expiresAt } = operator.data ?? { scopes: 0, expiresAt: 0n }
  const live = scopes !== 0 && Number(expiresAt) > Date.now() / 1000
  return (
    <Card>
      <CardHeader
        title={
          <span className="flex items-center gap-2.5">
            <Server className="size-4 shrink-0 text-muted" aria-hidden />
            <span className="[overflow-wrap:anywhere]">{agent.name}</span>
          </span>
        }
        about={`${agent.hostName} · ${agent.os}, ${agent.arch} · ${agent.version}`}
        action={
          agent.online ? (
            <Badge tone="ok">Online</Badge>
          ) : (
            <Badge tone="warn">
              Offline
              {agent.lastSeenAt === null ? null : (
                <>
                  , seen <When at={agent.lastSeenAt.getTime() / 1000} />
                </>
              )}
            </Badge>
          )
        }
      />
      <CardBody className="grid gap-4">
        <Facts
          className="-my-2"
          items={[
            ['Does', agent.roles.length === 0 ? 'nothing yet' : agent.roles.join(' and ')],
            ['Key', <Hex key="key" value={agent.operator} what="key" />],
            [
              'Key may',
              operator.data === undefined
                ? '…'
                : live
                  ? scopeNames(scopes).join(', ')
                  : 'nothing: not authorised on chain yet',
            ],
            live ? ['Until', formatTime(expiresAt)] : null,
            ['Gas left', agent.gasWei === null ? 'not reported yet' : eth(agent.gasWei)],
            ['May read', agent.roots.read.join(', ') || 'no folder'],
            ['May restore into', agent.roots.restore.join(', ') || 'no folder'],
            agent.roots.sector.length === 0 ? null : ['May store in', agent.roots.sector.join(', ')],
            agent.endpoint === null ? null : ['Answers at', agent.endpoint.split('#')[0] ?? ''],
          ]}
        />
        {agent.attention.map((each) => (
          <p key={each.message} className="rounded-lg bg-warn-soft px-3 py-2 text-xs text-warn">
            {each.message} {each.hint}
          </p>
        ))}
        <div className="flex flex-wrap gap-2">
          <Rename agent={agent} />
          <Extend agent={agent} live={live} scopes={scopes} />
          <Revoke agent={agent} live={live} />
        </div>
      </CardBody>
    </Card>
  )
}

function Rename({ agent }: { agent: Agent }) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const [open, setOpen] = useState(false)
  const [name, setName] = useState(agent.name)
  const rename = useMutation({
    ...trpc.agents.rename.mutationOptions(),
    onSuccess: () => {
      queries.invalidateQueries(trpc.agents.list.queryFilter())
      setOpen(false)
    },
    onError: (error) => toast.error(errorText(error).message),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    rename.mutate({ agentId: agent.agentId, name: name.trim() })
  }
  return (
    <Dialog
      open={open}
      onOpenChange={setOpen}
      title="Rename the host"
      trigger={<Button size="small">Rename</Button>}
    >
      <form onSubmit={submit} className="grid gap-4">
        <Field id="agent-name" label="Name">
          <Input
            id="agent-name"
            value={name}
            maxLength={60}
            required
            onChange={(event) => setName(event.target.value)}
          />
        </Field>
        <Button type="submit" look="primary" disabled={rename.isPending || name.trim() === ''}>
          Rename
        </Button>
      </form>
    </Dialog>
  )
}

const HALF_A_YEAR_S = 26n * 604_800n

function Extend({ agent, live, scopes }: { agent: Agent; live: boolean; scopes: number }) {
  const config = useChainConfig()
  const transact = useTransact()
  const wanted = live
    ? scopes
    : agent.roles.includes('miner')
      ? OPERATOR_SCOPES.PREPARE | OPERATOR_SCOPES.REFUSE | OPERATOR_SCOPES.ENDPOINT
      : OPERATOR_SCOPES.PREPARE | OPERATOR_SCOPES.CHALLENGE
  const expiresAt = BigInt(Math.floor(Date.now() / 1000)) + 2n * HALF_A_YEAR_S
  return (
    <Dialog
      title={live ? 'Extend the key' : 'Authorise the key'}
      about={`Until ${formatTime(expiresAt).slice(0, 10)} it may ${scopeNames(wanted).join(', ')}. It never moves your tokens.`}
      trigger={
        <Button size="small">
          <KeyRound aria-hidden /> {live ? 'Extend' : 'Authorise'}
        </Button>
      }
    >
      <TransactPanel
        transact={transact}
        withPermit={false}
        button={live ? 'Extend for a year' : 'Authorise for a year'}
        onClick={() =>
          transact.run({
            title: `Authorise the key of ${agent.name}`,
            takes: 0n,
            call: async () =>
              (await setOperator())(config.market, { operator: agent.operator, scopes: wanted, expiresAt }),
          })
        }
      />
    </Dialog>
  )
}

function Revoke({ agent, live }: { agent: Agent; live: boolean }) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const config = useChainConfig()
  const transact = useTransact()
  const [open, setOpen] = useState(false)
  const revoke = useMutation({
    ...trpc.agents.revoke.mutationOptions(),
    onSuccess: () => {
      queries.invalidateQueries(trpc.agents.list.queryFilter())
      toast.success(`${agent.name} is no longer paired.`)
      setOpen(false)
    },
  })
  const sent = transact.entry?.state === 'done'
  return (
    <Dialog
      open={open}
      onOpenChange={setOpen}
      title={`Revoke ${agent.name}`}
      about="Two things end: what its key may do on chain, and its pairing with this dashboard. Orders and data stay."
      trigger={
        <Button size="small" look="danger">
          Revoke
        </Button>
      }
    >
      <div className="grid gap-5">
        {live ? (
          <div className="grid gap-2">
            <p className="text-[0.8125rem] font-medium">1. On chain: take the key’s rights</p>
            {sent ? (
              <Badge tone="ok" className="w-fit">
                The key may do nothing any more
              </Badge>
            ) : (
              <TransactPanel
                transact={transact}
                withPermit={false}
                button="Revoke the key"
                onClick={() =>
                  transact.run({
                    title: `Revoke the key of ${agent.name}`,
                    takes: 0n,
                    call: async () =>
                      (await setOperator())(config.market, {
                        operator: agent.operator,
                        scopes: 0,
                        expiresAt: 0n,
                      }),
                  })
                }
              />
            )}
          </div>
        ) : null}
        <div className="grid gap-2">
          <p className="text-[0.8125rem] font-medium">
            {live ? '2. Here: end the pairing' : 'End the pairing'}
          </p>
          <Button
            look="danger"
            disabled={revoke.isPending}
            onClick={() => revoke.mutate({ agentId: agent.agentId })}
          >
            End the pairing
          </Button>
          {revoke.error === null ? null : (
            <Trouble title={errorText(revoke.error).message} text={errorText(revoke.error).hint} />
          )}
        </div>
      </div>
    </Dialog>
  )
}

/** A host without a screen brings a one-time token instead of a code. */
export function TokenDialog() {
  const trpc = useTRPC()
  const [label, setLabel] = useState('')
  const [role, setRole] = useState<'user' | 'miner' | 'both'>('user')
  const create = useMutation(trpc.pairing.createToken.mutationOptions())
  return (
    <Dialog
      title="Add a host without a screen"
      about="A one-time token, good for an hour. Whoever has it can pair one host with your wallet: treat it like a password."
      trigger={
        <Button>
          <Plus aria-hidden /> Headless host
        </Button>
      }
      onOpenChange={() => create.reset()}
    >
      {create.data === undefined ? (
        <form
          className="grid gap-4"
          onSubmit={(event) => {
            event.preventDefault()
            create.mutate({ label: label.trim(), role })
          }}
        >
          <Field id="token-label" label="Name">
            <Input
              id="token-label"
              required
              maxLength={60}
              value={label}
              onChange={(event) => setLabel(event.target.value)}
              placeholder="nas-1"
            />
          </Field>
          <Field id="token-role" label="Does">
            <Select
              id="token-role"
              value={role}
              onChange={(event) => setRole(event.target.value as typeof role)}
            >
              <option value="user">user: backs folders up</option>
              <option value="miner">miner: offers space</option>
              <option value="both">both</option>
            </Select>
          </Field>
          <Button type="submit" look="primary" disabled={create.isPending || label.trim() === ''}>
            Make the token
          </Button>
          {create.error === null ? null : (
            <Trouble title={errorText(create.error).message} text={errorText(create.error).hint} />
          )}
        </form>
      ) : (
        <div className="grid gap-3">
          <p className="text-[0.8125rem]">Run this on the host. It is shown only now.</p>
          <div className="flex items-start gap-2 rounded-lg border border-line bg-raised p-3">
            <code className="min-w-0 flex-1 font-mono text-xs [overflow-wrap:anywhere]">
              {create.data.command}
            </code>
            <CopyButton text={create.data.command} label="Copy the command" />
          </div>
          <p className="text-xs text-muted">
            Good until <When at={create.data.expiresAt.getTime() / 1000} absolute />, once.
          </p>
        </div>
      )}
    </Dialog>
  )
}
