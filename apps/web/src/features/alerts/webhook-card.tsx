'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { KeyRound, Send, Webhook } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { errorText } from '../../lib/error-text.ts'
import { useTRPC } from '../../lib/trpc.ts'
import type { RouterOutputs } from '../../server/router.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Card, CardBody, CardHeader } from '../../ui/card.tsx'
import { CopyButton } from '../../ui/copy.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { TestResult } from './test-result.tsx'

type Stored = RouterOutputs['settings']['get']

/** Where alerts are posted; its secret is shown once. */
export function WebhookCard({ settings }: { settings: Stored }) {
  const trpc = useTRPC()
  const cache = useQueryClient()
  const { webhook, privateWebhooks } = settings
  const [url, setUrl] = useState(webhook?.url ?? '')
  const [secret, setSecret] = useState<string | null>(null)
  const onSuccess = () => cache.invalidateQueries({ queryKey: trpc.settings.pathKey() })
  const save = useMutation({
    ...trpc.settings.setWebhook.mutationOptions(),
    onSuccess: (saved) => {
      setUrl(saved.url)
      if (saved.secret !== null) setSecret(saved.secret)
      return onSuccess()
    },
  })
  const turn = useMutation({ ...trpc.settings.switchWebhook.mutationOptions(), onSuccess })
  const remove = useMutation({
    ...trpc.settings.removeWebhook.mutationOptions(),
    onSuccess: () => {
      setUrl('')
      setSecret(null)
      return onSuccess()
    },
  })
  const test = useMutation(trpc.settings.testWebhook.mutationOptions())
  const busy = save.isPending || turn.isPending || remove.isPending
  const submit = (event: FormEvent) => {
    event.preventDefault()
    test.reset()
    save.mutate({ url })
  }
  const wrong = save.error === null ? null : errorText(save.error)
  return (
    <Card aria-label="Webhook">
      <CardHeader
        title={
          <span className="flex items-center gap-2">
            <Webhook className="size-4 text-muted" aria-hidden /> Webhook
          </span>
        }
        about="Alerts are posted as JSON to a server of yours, signed."
        action={
          webhook === null ? (
            <Badge>Not set</Badge>
          ) : webhook.on ? (
            <Badge tone="ok">On</Badge>
          ) : (
            <Badge tone="off">Off</Badge>
          )
        }
      />
      <CardBody className="grid gap-4">
        <form onSubmit={submit} className="flex flex-wrap items-start gap-3">
          <Field
            id="webhook-url"
            label="URL"
            className="min-w-56 flex-1"
            error={wrong === null ? null : `${wrong.message} ${wrong.hint}`}
            hint={
              privateWebhooks
                ? 'This dashboard also reaches http:// and addresses inside its network.'
                : 'https:// only, and reachable from the internet. Redirects are not followed.'
            }
          >
            <Input
              id="webhook-url"
              type="url"
              inputMode="url"
              placeholder="https://example.org/dmc-alerts"
              autoComplete="off"
              spellCheck={false}
              value={url}
              aria-invalid={wrong !== null}
              onChange={(event) => setUrl(event.target.value)}
            />
          </Field>
          <Button
            type="submit"
            look="primary"
            className="sm:mt-[1.625rem]"
            disabled={busy || url.trim() === '' || (webhook?.on === true && url === webhook.url)}
          >
            {save.isPending ? 'Saving…' : 'Save'}
          </Button>
        </form>
        {secret === null ? null : <Secret secret={secret} />}
        {webhook === null ? null : (
          <>
            <div className="flex flex-wrap items-center gap-2">
              <Button size="small" disabled={busy || test.isPending} onClick={() => test.mutate()}>
                <Send aria-hidden /> {test.isPending ? 'Sending…' : 'Send a test'}
              </Button>
              <Button
                size="small"
                look="quiet"
                disabled={busy}
                onClick={() => turn.mutate({ on: !webhook.on })}
              >
                {webhook.on ? 'Switch off' : 'Switch on'}
              </Button>
              <Button
                size="small"
                look="quiet"
                disabled={busy}
                onClick={() => save.mutate({ url: webhook.url, newSecret: true })}
              >
                <KeyRound aria-hidden /> New secret
              </Button>
              <Button size="small" look="quiet" disabled={busy} onClick={() => remove.mutate()}>
                Remove
              </Button>
            </div>
            <TestResult sent={test.data} error={test.error} ok="The webhook took the test" />
          </>
        )}
      </CardBody>
    </Card>
  )
}

function Secret({ secret }: { secret: string }) {
  return (
    <div role="status" className="rounded-lg border border-line bg-accent-soft px-4 py-3 text-[0.8125rem]">
      <p className="font-medium">The secret by which you check the signature. It is shown only now.</p>
      <p className="mt-1.5 flex items-center gap-2">
        <code className="min-w-0 font-mono text-xs [overflow-wrap:anywhere]">{secret}</code>
        <CopyButton text={secret} label="Copy the secret" />
      </p>
      <p className="mt-1.5 text-xs text-soft">
        <code className="font-mono">DMC-Signature: t=…,v1=…</code> is HMAC-SHA256 of{' '}
        <code className="font-mono">t.body</code>; <code className="font-mono">DMC-Delivery</code> stays the
        same when a message is sent again.
      </p>
    </div>
  )
}
