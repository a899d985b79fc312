'use client';

import { PASSKEY_NAME_CHARACTERS_MAX } from '@patchbay/domain/sign-in/definition';
import { Button } from '@patchbay/ui/button';
import { Callout } from '@patchbay/ui/callout';
import { Field } from '@patchbay/ui/input';
import { useToast } from '@patchbay/ui/toast';
import { startRegistration } from '@simplewebauthn/browser';
import { useRouter } from 'next/navigation';
import { type FormEvent, type ReactNode, useState } from 'react';
import { showAgo } from '../../formats/time.ts';
import { useTRPCClient } from '../../trpc/client.ts';
import { isStale, refusalText } from './refusal-text.ts';

export interface PasskeyRow {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
  readonly lastUsedAt: string | undefined;
}

export interface PasskeyListProps {
  readonly passkeys: readonly PasskeyRow[];
  /** Where they work, if not on this page. */
  readonly elsewhere: string | undefined;
  /** How many they have at other addresses. */
  readonly otherCount: number;
  readonly mayAdd: boolean;
}

const UNNAMED = 'Give it a name.';

/** What signs in without a password: by the device, with a finger, a face or its own code. */
export function PasskeyList({ passkeys, elsewhere, otherCount, mayAdd }: PasskeyListProps): ReactNode {
  const router = useRouter();
  const client = useTRPCClient();
  const toast = useToast();
  const [pending, setPending] = useState<string>();
  const [problem, setProblem] = useState<string>();
  const add = async (name: string): Promise<string | undefined> => {
    if (name === '') return UNNAMED;
    const optionsJSON = await client.ownPasskeys.propose.mutate({});
    const response = await startRegistration({ optionsJSON }).catch(() => undefined);
    if (response === undefined)
      return 'The browser made no passkey. There may be one on this device already.';
    await client.ownPasskeys.add.mutate({ name, response });
    return undefined;
  };
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    setPending('new');
    const outcome = await add(String(new FormData(form).get('passkeyName') ?? '').trim()).catch(
      (error: unknown) => {
        if (isStale(error)) router.refresh();
        return refusalText(error);
      },
    );
    setProblem(outcome);
    setPending(undefined);
    if (outcome !== undefined) return;
    form.reset();
    router.refresh();
  };
  const remove = async (id: string) => {
    setPending(id);
    await client.ownPasskeys.remove
      .mutate({ passkeyId: id })
      .catch(() => toast({ tone: 'fail', title: 'The passkey was not removed. Try again.' }));
    setPending(undefined);
    router.refresh();
  };
  return (
    <section aria-labelledby="passkeys" className="grid gap-3">
      <h2 id="passkeys" className="font-semibold">
        Passkeys
      </h2>
      <p className="text-ink-soft">
        Sign in with your finger, your face or the code of your device. No password, and no other code. A
        passkey works at the address where it was made, and nowhere else.
      </p>
      {passkeys.length === 0 ? null : (
        <ul className="grid">
          {passkeys.map(({ id, name, createdAt, lastUsedAt }) => (
            <li key={id} className="flex items-center justify-between gap-3 border-t py-2">
              <div className="min-w-0">
                <div className="truncate font-medium">{name}</div>
                <div className="text-sm text-ink-soft" suppressHydrationWarning>
                  {lastUsedAt === undefined
                    ? `added ${showAgo(createdAt)}, not used yet`
                    : `used ${showAgo(lastUsedAt)}`}
                </div>
              </div>
              <Button
                size="small"
                aria-label={`Remove ${name}`}
                isPending={pending === id}
                onClick={() => void remove(id)}
              >
                Remove
              </Button>
            </li>
          ))}
        </ul>
      )}
      {otherCount === 0 ? null : (
        <p className="text-ink-soft">
          You have {otherCount} more at other addresses where you sign in: look through those there.
        </p>
      )}
      {elsewhere === undefined && !mayAdd ? null : elsewhere === undefined ? (
        <form onSubmit={(event) => void submit(event)} className="grid gap-3">
          <Field
            label="Name of a new passkey"
            name="passkeyName"
            autoComplete="off"
            maxLength={PASSKEY_NAME_CHARACTERS_MAX}
            hint="Such as the device that keeps it."
            error={problem === UNNAMED ? UNNAMED : undefined}
          />
          {problem === undefined || problem === UNNAMED ? null : <Callout tone="fail" title={problem} />}
          <div>
            <Button type="submit" isPending={pending === 'new'}>
              Add a passkey
            </Button>
          </div>
        </form>
      ) : (
        <p className="text-ink-soft">
          Browsers make none for an IP address. They work at{' '}
          <a href={`${elsewhere}/you`} className="font-medium whitespace-nowrap text-accent hover:underline">
            {new URL(elsewhere).host}
          </a>
          , where you sign in once more.
        </p>
      )}
    </section>
  );
}
