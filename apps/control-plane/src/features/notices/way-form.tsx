'use client';

import { wayShapes } from '@patchbay/domain/notices/notice-target';
import type { CredentialWay } from '@patchbay/domain/notices/notice-way';
import { Dialog } from '@patchbay/ui/dialog';
import { Field } from '@patchbay/ui/input';
import { TextArea } from '@patchbay/ui/text-area';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { z } from 'zod';
import { useTRPC } from '../../trpc/client.ts';
import { FormEnd } from '../form/form-end.tsx';
import { useForm } from '../form/use-form.ts';
import { useAccountId } from '../shell/account.ts';
import { Changeable } from '../shell/changeable.tsx';
import { useMay } from '../shell/use-may.ts';
import { type Way, wayTitles } from './notice-state.tsx';

interface Asked {
  readonly name: string;
  readonly label: string;
  readonly placeholder?: string;
  readonly hint?: string;
}

const asked: Readonly<Record<CredentialWay, readonly Asked[]>> = {
  'web-push': [
    {
      name: 'contact',
      label: 'Contact',
      placeholder: 'mailto:ops@example.com',
      hint: 'Whom push services can reach. Keys are made the first time, and stay.',
    },
  ],
  fcm: [
    { name: 'projectId', label: 'Project' },
    { name: 'clientEmail', label: 'Service account' },
  ],
  apns: [
    { name: 'teamId', label: 'Team' },
    { name: 'keyId', label: 'Key id' },
    { name: 'topic', label: 'Bundle', placeholder: 'com.example.app' },
    { name: 'environment', label: 'Environment', hint: 'production, or sandbox for an app in development.' },
  ],
  sms: [
    { name: 'baseUrl', label: 'Provider', hint: 'Twilio, or one that speaks as it does.' },
    { name: 'accountSid', label: 'Account' },
    { name: 'from', label: 'From', placeholder: '+49301234567' },
  ],
};
const standard: Readonly<Record<string, string>> = {
  baseUrl: 'https://api.twilio.com',
  environment: 'production',
};
const properties = { 'web-push': 'webPush', fcm: 'fcm', apns: 'apns', sms: 'sms' } as const;

/** By whom notices go out on one way. */
export function WayForm({
  current,
  onDone,
}: {
  readonly current: Way;
  readonly onDone: () => void;
}): ReactNode {
  const { way, isSet, settings = {} } = current;
  const trpc = useTRPC();
  const accountId = useAccountId();
  const queries = useQueryClient();
  const [privateKey, setPrivateKey] = useState('');
  const onSuccess = async () => {
    await queries.invalidateQueries(trpc.notification.listWays.pathFilter());
    onDone();
  };
  const put = useMutation(trpc.notification.putWay.mutationOptions({ onSuccess }));
  const remove = useMutation(trpc.notification.removeWay.mutationOptions({ onSuccess }));
  const mayRemove = useMay('notification.removeWay');
  const { shown, secret } = wayShapes[way];
  const hasKey = 'privateKey' in secret.shape;
  const form = useForm({
    schema: z.object({ ...shown.shape, ...secret.shape }),
    read: (text) => ({
      ...Object.fromEntries(asked[way].map(({ name }) => [name, text(name).trim()])),
      ...(hasKey ? { privateKey: privateKey.trim() } : {}),
      ...('authToken' in secret.shape ? { authToken: text('authToken').trim() } : {}),
    }),
    // The one of its way: each schema is that of its property.
    onValid: (values) => put.mutate({ accountId, way, [properties[way]]: values }),
    refusal: put.error ?? remove.error,
  });
  return (
    <Dialog
      isOpen
      onOpenChange={onDone}
      title={`Notices by ${wayTitles[way]}`}
      description={
        isSet ? 'What is secret of it is set, and is said again to change anything.' : 'Nothing is set yet.'
      }
    >
      <form {...form.props} className="grid gap-4">
        <Changeable
          by="notification.putWay"
          end={
            <FormEnd
              refusal={form.refusal}
              verb="Save"
              isPending={put.isPending}
              onLeave={onDone}
              {...(isSet && mayRemove ? { onRemove: () => remove.mutate({ accountId, way }) } : {})}
            />
          }
        >
          {asked[way].map(({ name, ...field }) => (
            <Field
              key={name}
              name={name}
              autoComplete="off"
              defaultValue={settings[name] ?? standard[name] ?? ''}
              error={form.errorOf(name)}
              {...field}
            />
          ))}
          {hasKey ? (
            <TextArea
              label="Private key"
              hint="PKCS #8, as PEM. Kept sealed, and shown to nobody."
              placeholder="-----BEGIN PRIVATE KEY-----"
              rows={4}
              error={form.errorOf('privateKey')}
              value={privateKey}
              onChange={(text) => {
                setPrivateKey(text);
                form.forget('privateKey');
              }}
            />
          ) : null}
          {'authToken' in secret.shape ? (
            <Field
              label="Token"
              name="authToken"
              type="password"
              autoComplete="off"
              hint="Kept sealed, and shown to nobody."
              error={form.errorOf('authToken')}
            />
          ) : null}
        </Changeable>
      </form>
    </Dialog>
  );
}
