'use client';

import { Button } from '@patchbay/ui/button';
import { Callout } from '@patchbay/ui/callout';
import { ShownOnce } from '@patchbay/ui/shown-once';
import { useRouter } from 'next/navigation';
import { type FormEvent, type ReactNode, useState } from 'react';
import { useTRPCClient } from '../../trpc/client.ts';
import { CodeField } from '../sign-in/code-field.tsx';
import { type QrCode, qrCodeOf } from './qr-code.ts';
import { QrPicture } from './qr-picture.tsx';
import { isStale, refusalText } from './refusal-text.ts';

type Step =
  | { readonly at: 'rest' }
  | { readonly at: 'proposed'; readonly secret: string; readonly uri: string; readonly qr: QrCode }
  | { readonly at: 'on'; readonly codes: readonly string[] }
  | { readonly at: 'removing' };

/** A code of an authenticator beside the password: on, with recovery codes that are shown once, and off again. */
export function SecondFactor({ isOn }: { readonly isOn: boolean }): ReactNode {
  const router = useRouter();
  const client = useTRPCClient();
  const [step, setStep] = useState<Step>({ at: 'rest' });
  const [problem, setProblem] = useState<string>();
  const [isPending, setPending] = useState(false);
  const run = async (work: () => Promise<void>) => {
    setPending(true);
    setProblem(undefined);
    await work().catch((error: unknown) => {
      setProblem(refusalText(error));
      if (isStale(error)) router.refresh();
    });
    setPending(false);
  };
  const propose = async () => {
    const proposed = await client.ownSecondFactor.propose.mutate({});
    setStep({ at: 'proposed', ...proposed, qr: qrCodeOf(proposed.uri) });
  };
  const take = async (code: string) => {
    if (step.at === 'removing') {
      await client.ownSecondFactor.remove.mutate({ code });
      setStep({ at: 'rest' });
      router.refresh();
      return;
    }
    const { recoveryCodes } = await client.ownSecondFactor.confirm.mutate({ code });
    setStep({ at: 'on', codes: recoveryCodes });
  };
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const code = String(new FormData(event.currentTarget).get('code') ?? '');
    void run(() => take(code));
  };
  return (
    <section aria-labelledby="second-factor" className="grid gap-3">
      <h2 id="second-factor" className="font-semibold">
        Authenticator
      </h2>
      {step.at === 'rest' ? (
        <>
          <p className="text-ink-soft">
            {isOn
              ? 'A code is asked for at each sign-in.'
              : 'A code beside your password, from an app on your phone.'}
          </p>
          <div>
            <Button
              isPending={isPending}
              onClick={() => (isOn ? setStep({ at: 'removing' }) : void run(propose))}
            >
              {isOn ? 'Turn it off' : 'Turn it on'}
            </Button>
          </div>
        </>
      ) : null}
      {step.at === 'proposed' ? (
        <>
          <p className="text-ink-soft">
            Scan this with your authenticator, type the key into it, or{' '}
            <a href={step.uri} className="font-medium text-accent hover:underline">
              open it there
            </a>
            . Then type the code that it shows.
          </p>
          <QrPicture qr={step.qr} label="The key, to be scanned" />
          <ShownOnce text={step.secret} copyLabel="Copy the key" />
        </>
      ) : null}
      {step.at === 'proposed' || step.at === 'removing' ? (
        <form onSubmit={submit} className="grid gap-3">
          {step.at === 'proposed' ? <CodeField hint="Six digits, of your authenticator." /> : <CodeField />}
          <div>
            <Button variant="primary" type="submit" isPending={isPending}>
              {step.at === 'proposed' ? 'Turn it on' : 'Turn it off'}
            </Button>
          </div>
        </form>
      ) : null}
      {step.at === 'on' ? (
        <>
          <p className="text-ink-soft">
            It is on. Each of these codes signs you in once without your phone. They are shown here alone.
          </p>
          <ShownOnce text={step.codes.join(' ')} copyLabel="Copy the recovery codes" />
          <div>
            <Button
              onClick={() => {
                setStep({ at: 'rest' });
                router.refresh();
              }}
            >
              I have them
            </Button>
          </div>
        </>
      ) : null}
      {problem === undefined ? null : <Callout tone="fail" title={problem} />}
    </section>
  );
}
