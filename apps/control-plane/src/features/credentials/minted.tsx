'use client';

import { CodePanel, type Snippet } from '@patchbay/ui/code-panel';
import { Dialog } from '@patchbay/ui/dialog';
import { ShownOnce, TakenActions } from '@patchbay/ui/shown-once';
import type { ReactNode } from 'react';
import { z } from 'zod';
import { showMoment } from '../../formats/time.ts';
import { literal } from '../as-code/code-example.ts';
import type { MintingOperation } from './minting.ts';
import { readCredential } from './read-credential.ts';
import { TryRelay } from './try-relay.tsx';

export interface MintedProps {
  readonly minting: MintingOperation;
  readonly answer: Readonly<Record<string, unknown>>;
  readonly onDone: () => void;
}

const iceAnswer = z.object({
  iceServers: z
    .array(z.object({ urls: z.array(z.string()), username: z.string(), credential: z.string() }))
    .min(1),
});
const tokenAnswer = z.object({ token: z.string(), signalUrl: z.string() });
const ending = z.object({ expiresAt: z.iso.datetime() });

/** A credential, this once: we keep no copy of it. */
export function Minted({ minting, answer, onDone }: MintedProps): ReactNode {
  const ice = iceAnswer.safeParse(answer).data;
  const token = tokenAnswer.safeParse(answer).data;
  const { expiresAt } = ending.safeParse(answer).data ?? {};
  const [server] = ice?.iceServers ?? [];
  const username = server?.username ?? (token && readCredential(token.token)?.username);
  return (
    <Dialog
      isOpen
      onOpenChange={onDone}
      title={token === undefined ? 'The credential' : 'The token'}
      description={`It is shown this once${expiresAt === undefined ? '' : `, and ends at ${showMoment(expiresAt)}`}. Who has it can use it within its limits.`}
    >
      <div className="grid gap-3">
        {server === undefined ? null : (
          <>
            <ShownOnce label="Username" copyLabel="Copy the username" text={server.username} />
            <ShownOnce label="Password" copyLabel="Copy the password" text={server.credential} />
          </>
        )}
        {token === undefined ? null : (
          <ShownOnce label="Token" copyLabel="Copy the token" text={token.token} />
        )}
        <CodePanel title="For a browser" snippets={snippetsOf(answer, { ice, token })} />
        {ice === undefined ? null : <TryRelay iceServers={ice.iceServers} />}
        {username === undefined ? null : (
          <p className="text-sm text-pretty text-ink-faint">
            To end it early, paste its {token === undefined ? 'username' : 'token'} below under “Revoke one”.{' '}
            The audit log has who minted it, and with which limits.
          </p>
        )}
      </div>
      <TakenActions onDone={onDone} />
    </Dialog>
  );
}

interface Known {
  readonly ice: z.output<typeof iceAnswer> | undefined;
  readonly token: z.output<typeof tokenAnswer> | undefined;
}

/** What the answer is put into, by its shape; whatever has none of these is shown as it came. */
function snippetsOf(answer: MintedProps['answer'], { ice, token }: Known): readonly Snippet[] {
  const json = { name: 'JSON', code: JSON.stringify(answer, null, 2) };
  if (ice !== undefined) {
    const { iceServers } = ice;
    return [{ name: 'Browser', code: `new RTCPeerConnection(${literal({ iceServers })});` }, json];
  }
  if (token !== undefined) {
    const code = [
      "import { connect, TokenSource } from '@patchbay/sdk-browser';",
      '',
      `const pb = connect({ token: TokenSource.literal(${literal(answer)}) });`,
      "const call = await pb.call('user:alice', { video: true });",
    ];
    return [{ name: 'Browser', code: code.join('\n') }, json];
  }
  return [json];
}
