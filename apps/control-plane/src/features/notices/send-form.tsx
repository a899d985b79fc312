'use client';

import { BODY_CHARACTERS_MAX, TITLE_CHARACTERS_MAX } from '@patchbay/domain/notices/notice';
import { WAYS_MAX, wayStep } from '@patchbay/domain/notices/notice-way';
import { Dialog } from '@patchbay/ui/dialog';
import { Field } from '@patchbay/ui/input';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { z } from 'zod';
import { useTRPC } from '../../trpc/client.ts';
import { FormEnd } from '../form/form-end.tsx';
import { useForm } from '../form/use-form.ts';
import { useAccountId } from '../shell/account.ts';

const schema = z.object({
  identity: z.string().min(1).max(256),
  title: z.string().min(1).max(TITLE_CHARACTERS_MAX),
  body: z.string().min(1).max(BODY_CHARACTERS_MAX).optional(),
  ways: z.array(wayStep).min(1).max(WAYS_MAX).optional(),
});

/** A notice by hand. */
export function SendForm({ onDone }: { readonly onDone: () => void }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const queries = useQueryClient();
  const send = useMutation(
    trpc.notification.send.mutationOptions({
      onSuccess: async () => {
        await queries.invalidateQueries(trpc.notification.listNotices.pathFilter());
        onDone();
      },
    }),
  );
  const form = useForm({
    schema,
    read: (text) => ({
      identity: text('identity').trim(),
      title: text('title').trim(),
      body: text('body').trim() || undefined,
      ways:
        text('ways').trim() === ''
          ? undefined
          : text('ways')
              .trim()
              .split(/[\s,]+/),
    }),
    onValid: ({ body, ways, ...rest }) =>
      send.mutate({
        ...{ accountId, ...rest },
        ...(body === undefined ? {} : { body }),
        ...(ways === undefined ? {} : { ways }),
      }),
    refusal: send.error,
  });
  return (
    <Dialog
      isOpen
      onOpenChange={onDone}
      title="Send a notice"
      description="It goes by the ways of the endpoint, one after the other, until one takes it."
    >
      <form {...form.props} className="grid gap-4">
        <Field
          label="Identity"
          name="identity"
          autoFocus
          autoComplete="off"
          placeholder="bob"
          hint="As somebody signs in: bob of user:bob."
          error={form.errorOf('identity')}
        />
        <Field label="Title" name="title" autoComplete="off" error={form.errorOf('title')} />
        <Field label="Text" name="body" autoComplete="off" error={form.errorOf('body')} />
        <Field
          label="Ways"
          name="ways"
          autoComplete="off"
          placeholder="websocket, push, email+900"
          hint="In this order. Empty: as the endpoint is set. email+900: also where nobody said within 900 seconds that it came."
          error={form.errorOf('ways')}
        />
        <FormEnd refusal={form.refusal} verb="Send" isPending={send.isPending} onLeave={onDone} />
      </form>
    </Dialog>
  );
}
