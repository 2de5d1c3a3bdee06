'use client'

import { Server } from 'lucide-react'
import type { RouterOutputs } from '../../server/router.ts'
import { Badge } from '../../ui/badge.tsx'
import { LinkButton } from '../../ui/button.tsx'
import { Field, Select } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'

export type Agent = RouterOutputs['agents']['list'][number]

/** Which host; with only one, that one. */
export function ChooseAgent({
  agents,
  chosen,
  onChoose,
}: {
  agents: Agent[]
  chosen: Agent
  onChoose: (agentId: string) => void
}) {
  if (agents.length === 1) {
    return (
      <p className="flex flex-wrap items-center gap-2 text-[0.8125rem]">
        <Server className="size-4 text-muted" aria-hidden />
        <span className="text-muted">On</span> <span className="font-medium">{chosen.name}</span>
        {chosen.online ? <Badge tone="ok">Online</Badge> : <Badge tone="warn">Offline</Badge>}
      </p>
    )
  }
  return (
    <Field id="agent" label="Host">
      <Select id="agent" value={chosen.agentId} onChange={(event) => onChoose(event.target.value)}>
        {agents.map((agent) => (
          <option key={agent.agentId} value={agent.agentId}>
            {agent.name}
            {agent.online ? '' : ' (offline)'}
          </option>
        ))}
      </Select>
    </Field>
  )
}

export function NoAgent({ text }: { text: string }) {
  return (
    <Notice icon={<Server />} title="No host is paired yet" text={text}>
      <LinkButton look="primary" href="/pair">
        Pair a host
      </LinkButton>
    </Notice>
  )
}
