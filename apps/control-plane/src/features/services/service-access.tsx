'use client';

import { Button } from '@patchbay/ui/button';
import { Callout } from '@patchbay/ui/callout';
import { ConfirmDialog } from '@patchbay/ui/confirm-dialog';
import { Skeleton } from '@patchbay/ui/skeleton';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { showCount } from '../../formats/quantity.ts';
import { showDay } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { levelText } from '../policy/setting-words.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useRefusalToast } from '../problem/use-refusal-toast.ts';
import { useAccountId, useAccountNames } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';
import { SetAbove } from '../speakers/set-above.tsx';
import { SpeakerChoice } from '../speakers/speaker-choice.tsx';
import { useTriggerNames } from '../triggers/use-trigger-names.ts';
import { EnableService } from './enable-service.tsx';
import { type ServiceAccess as Access, isFromAbove, saidBy, useServiceAccess } from './use-service-access.ts';

export interface ServiceAccessProps {
  /** Such as `signaling`. */
  readonly service: string;
  readonly title: string;
}

/** Whether the service is on for this account, what it said it is for, and the way to change both (ACC-10). */
export function ServiceAccess({ service, title }: ServiceAccessProps): ReactNode {
  const access = useServiceAccess(service);
  const [isEnabling, setEnabling] = useState(false);
  const [isDisabling, setDisabling] = useState(false);
  const [from, setFrom] = useState<string>();
  const accountId = useAccountId();
  const names = useAccountNames();
  const { data } = access;
  return (
    <section aria-labelledby="access">
      <h2 id="access" className="mb-3 font-semibold">
        Access
      </h2>
      {access.error === null ? null : (
        <ProblemNote error={access.error} onRetry={() => void access.refetch()} />
      )}
      {access.isPending ? <Skeleton className="h-10 w-full" /> : null}
      {data === undefined ? null : (
        <div className="grid gap-3">
          <Standing access={data} title={title} />
          <DeclaredUse said={data.own ?? data.fromAbove.findLast(({ uses }) => uses.length > 0)} />
          <SetAbove
            words={data.fromAbove.map(({ setById, state }) => ({ setById, text: turnedTexts[state] }))}
            ownText={
              isFromAbove(data, { accountId }) && data.own !== undefined
                ? turnedTexts[data.own.state]
                : undefined
            }
            speakerIds={data.speakerIds}
            names={names}
          />
          <SpeakerChoice
            speakerIds={data.speakerIds}
            chosen={from ?? data.speakerIds[0] ?? accountId}
            names={names}
            onChange={setFrom}
          />
          <div className="flex flex-wrap gap-2 empty:hidden">
            <IfMay to="services.enable">
              <Button variant={data.isOn ? 'secondary' : 'primary'} onClick={() => setEnabling(true)}>
                {enablingVerb(data)}
              </Button>
            </IfMay>
            {saidBy(data, { accountId, from })?.state === 'disabled' ? null : (
              <IfMay to="services.disable">
                <Button variant="ghost" onClick={() => setDisabling(true)}>
                  Turn off
                </Button>
              </IfMay>
            )}
          </div>
          <EnableService
            access={data}
            from={from}
            title={title}
            verb={enablingVerb(data)}
            isOpen={isEnabling}
            onOpenChange={setEnabling}
          />
          <DisableService
            service={service}
            from={from}
            title={title}
            isOpen={isDisabling}
            onOpenChange={setDisabling}
          />
        </div>
      )}
    </section>
  );
}

const turnedTexts = { enabled: 'on', disabled: 'off, and so it stays here' } as const;

const enablingVerb = ({ isOn, own }: Access): string => {
  if (!isOn) return own?.state === 'enabled' ? 'Enable again' : 'Enable';
  return own?.uses.length ? 'Change what it is for' : 'Say what it is for';
};

function Standing({ access, title }: { readonly access: Access; readonly title: string }): ReactNode {
  const names = new Map([...useAccountNames(), ...useTriggerNames()]);
  const level = access.origin === undefined ? '' : levelText(access.origin, names);
  switch (access.reason) {
    case 'default':
      return <p className="text-ink-soft">On, as it is for everybody by default.</p>;
    case 'enabled':
      return <p className="text-ink-soft">On. Enabled at: {level}.</p>;
    case 'not_enabled':
      return (
        <Callout tone="wait" title="It has to be enabled before it is used">
          {title} serves nobody here until then. Asked for at: {level}.
        </Callout>
      );
    case 'disabled':
      return (
        <Callout tone="wait" title="It is turned off">
          {title} serves nobody here. Turned off at: {level}.
        </Callout>
      );
  }
}

function DeclaredUse({ said }: { readonly said: Access['own'] }): ReactNode {
  if (said === undefined || said.uses.length === 0) return null;
  const { uses, sessionsPerDay = 0, minutesPerSession = 0, changedAt } = said;
  return (
    <p className="text-ink-soft">
      For {uses.join(', ')}: about {showCount(sessionsPerDay)} sessions a day of{' '}
      {showCount(minutesPerSession)} minutes. <span className="text-ink-faint">{showDay(changedAt)}</span>
    </p>
  );
}

interface DisableServiceProps extends ServiceAccessProps {
  readonly from: string | undefined;
  readonly isOpen: boolean;
  readonly onOpenChange: (isOpen: boolean) => void;
}

function DisableService({ service, from, title, isOpen, onOpenChange }: DisableServiceProps): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const showRefusal = useRefusalToast();
  const disable = useMutation(
    trpc.services.disable.mutationOptions({
      onSuccess: () => onOpenChange(false),
      onError: showRefusal,
    }),
  );
  return (
    <ConfirmDialog
      isOpen={isOpen}
      onOpenChange={onOpenChange}
      title={`Turn ${title} off?`}
      verb="Turn off"
      isPending={disable.isPending}
      onConfirm={() => disable.mutate({ accountId, service, ...(from === undefined ? {} : { from }) })}
    >
      It serves neither this account nor any below it, and what runs ends within 5 seconds. It can be enabled
      again at any time.
    </ConfirmDialog>
  );
}
