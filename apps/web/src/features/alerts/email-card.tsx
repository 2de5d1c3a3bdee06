'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Mail, MailX, Send } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { errorText } from '../../lib/error-text.ts'
import { useTRPC } from '../../lib/trpc.ts'
import type { RouterOutputs } from '../../server/router.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Card, CardBody, CardHeader } from '../../ui/card.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { TestResult } from './test-result.tsx'

type Stored = RouterOutputs['settings']['get']

/** Where alerts are mailed; nothing goes there before the code of the first mail was typed. */
export function EmailCard({ settings }: { settings: Stored }) {
  const { email, mailFrom } = settings
  return (
    <Card aria-label="E-mail">
      <CardHeader
        title={
          <span className="flex items-center gap-2">
            <Mail className="size-4 text-muted" aria-hidden /> E-mail
          </span>
        }
        about="What is due at the same time comes as one mail."
        action={<State settings={settings} />}
      />
      {mailFrom === null ? (
        <Notice
          icon={<MailX />}
          title="This dashboard can’t send mail"
          text="Whoever runs it has set no mail server (DMC_SMTP_URL and DMC_MAIL_FROM). The webhook works without one."
        />
      ) : (
        <CardBody className="grid gap-4">
          <Address key={email?.address} email={email} mailFrom={mailFrom} />
          {email === null ? null : email.confirmed ? <Confirmed email={email} /> : <Code />}
        </CardBody>
      )}
    </Card>
  )
}

function State({ settings: { email, mailFrom } }: { settings: Stored }) {
  if (mailFrom === null) return <Badge tone="off">Not available</Badge>
  if (email === null) return <Badge>Not set</Badge>
  if (!email.confirmed) return <Badge tone="warn">Not confirmed</Badge>
  return email.on ? <Badge tone="ok">On</Badge> : <Badge tone="off">Off</Badge>
}

function useChange() {
  const trpc = useTRPC()
  const cache = useQueryClient()
  return { trpc, onSuccess: () => cache.invalidateQueries({ queryKey: trpc.settings.pathKey() }) }
}

function Address({ email, mailFrom }: { email: Stored['email']; mailFrom: string }) {
  const { trpc, onSuccess } = useChange()
  const [address, setAddress] = useState(email?.address ?? '')
  const save = useMutation({ ...trpc.settings.setEmail.mutationOptions(), onSuccess })
  const wrong = save.error === null ? null : errorText(save.error)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    save.mutate({ address })
  }
  const same = email !== null && address.trim() === email.address
  return (
    <form onSubmit={submit} className="flex flex-wrap items-start gap-3">
      <Field
        id="email"
        label="Address"
        className="min-w-56 flex-1"
        error={wrong === null ? null : `${wrong.message} ${wrong.hint}`}
        hint={`Mails come from ${mailFrom}.`}
      >
        <Input
          id="email"
          type="email"
          autoComplete="email"
          placeholder="name@example.org"
          value={address}
          aria-invalid={wrong !== null}
          onChange={(event) => setAddress(event.target.value)}
        />
      </Field>
      <Button
        type="submit"
        look={email?.confirmed && same ? 'plain' : 'primary'}
        className="sm:mt-[1.625rem]"
        disabled={save.isPending || address.trim() === '' || (same && email.confirmed)}
      >
        {save.isPending ? 'Sending…' : same && !email.confirmed ? 'Send a new code' : 'Send a code'}
      </Button>
    </form>
  )
}

function Code() {
  const { trpc, onSuccess } = useChange()
  const [code, setCode] = useState('')
  const confirm = useMutation({ ...trpc.settings.confirmEmail.mutationOptions(), onSuccess })
  const wrong = confirm.error === null ? null : errorText(confirm.error)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    confirm.mutate({ code })
  }
  return (
    <form
      onSubmit={submit}
      className="flex flex-wrap items-start gap-3 rounded-lg border border-line bg-raised px-4 py-3"
    >
      <Field
        id="email-code"
        label="Code from the mail"
        className="min-w-40 flex-1"
        error={wrong === null ? null : `${wrong.message} ${wrong.hint}`}
        hint="Eight digits, good for 30 minutes. Until then nothing else is sent there."
      >
        <Input
          id="email-code"
          inputMode="numeric"
          autoComplete="one-time-code"
          placeholder="0000 0000"
          maxLength={12}
          value={code}
          aria-invalid={wrong !== null}
          onChange={(event) => setCode(event.target.value)}
          className="tabular font-mono"
        />
      </Field>
      <Button
        type="submit"
        look="primary"
        className="sm:mt-[1.625rem]"
        disabled={confirm.isPending || code.replace(/\D/g, '').length !== 8}
      >
        Confirm
      </Button>
    </form>
  )
}

function Confirmed({ email }: { email: NonNullable<Stored['email']> }) {
  const { trpc, onSuccess } = useChange()
  const turn = useMutation({ ...trpc.settings.switchEmail.mutationOptions(), onSuccess })
  const remove = useMutation({ ...trpc.settings.removeEmail.mutationOptions(), onSuccess })
  const test = useMutation(trpc.settings.testEmail.mutationOptions())
  const busy = turn.isPending || remove.isPending
  return (
    <>
      <div className="flex flex-wrap items-center gap-2">
        <Button size="small" disabled={busy || test.isPending} onClick={() => test.mutate()}>
          <Send aria-hidden /> {test.isPending ? 'Sending…' : 'Send a test'}
        </Button>
        <Button size="small" look="quiet" disabled={busy} onClick={() => turn.mutate({ on: !email.on })}>
          {email.on ? 'Switch off' : 'Switch on'}
        </Button>
        <Button size="small" look="quiet" disabled={busy} onClick={() => remove.mutate()}>
          Remove
        </Button>
      </div>
      <TestResult sent={test.data} error={test.error} ok="The mail server took the test" />
    </>
  )
}
