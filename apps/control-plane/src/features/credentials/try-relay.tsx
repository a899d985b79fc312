'use client';

import { Button } from '@patchbay/ui/button';
import { CircleCheck, CircleX, Radio } from 'lucide-react';
import { type ReactNode, useState } from 'react';

interface IceServer {
  readonly urls: readonly string[];
  readonly username: string;
  readonly credential: string;
}

type Outcome = { readonly address: string; readonly ms: number } | { readonly reason: string };

const TRY_MS = 8_000;

/** Asks the relay for an allocation with the credential, from this very browser. It counts as a use. */
export function TryRelay({ iceServers }: { readonly iceServers: readonly IceServer[] }): ReactNode {
  const [isTrying, setTrying] = useState(false);
  const [outcome, setOutcome] = useState<Outcome>();
  const attempt = async () => {
    setTrying(true);
    setOutcome(undefined);
    setOutcome(await allocate(iceServers));
    setTrying(false);
  };
  return (
    <div className="grid gap-2">
      <div className="flex flex-wrap items-center gap-3">
        <Button isPending={isTrying} onClick={() => void attempt()}>
          <Radio aria-hidden />
          Try it from this browser
        </Button>
        <span className="text-sm text-ink-faint">Takes one allocation. It counts as a use.</span>
      </div>
      <div role="status">{outcome === undefined ? null : <OutcomeText outcome={outcome} />}</div>
    </div>
  );
}

function OutcomeText({ outcome }: { readonly outcome: Outcome }): ReactNode {
  if ('reason' in outcome) {
    return (
      <p className="flex items-start gap-1.5 text-fail">
        <CircleX className="mt-0.5 size-4 shrink-0" aria-hidden />
        {outcome.reason}
      </p>
    );
  }
  return (
    <p className="flex items-start gap-1.5">
      <CircleCheck className="mt-0.5 size-4 shrink-0 text-live" aria-hidden />
      The relay let it in after {outcome.ms} ms, at {outcome.address}.
    </p>
  );
}

/** Gathers candidates through relays alone, until the first or until there are none. */
async function allocate(iceServers: readonly IceServer[]): Promise<Outcome> {
  const startedAt = performance.now();
  const peer = new RTCPeerConnection({
    iceServers: iceServers.map((server) => ({ ...server, urls: [...server.urls] })),
    iceTransportPolicy: 'relay',
  });
  let reason = 'No relay answered: the network may block it.';
  try {
    return await new Promise<Outcome>((resolve) => {
      peer.addEventListener('icecandidate', ({ candidate }) => {
        if (candidate === null) return resolve({ reason });
        if (candidate.type !== 'relay') return;
        const ms = Math.round(performance.now() - startedAt);
        resolve({ address: `${candidate.address}:${candidate.port}`, ms });
      });
      peer.addEventListener('icecandidateerror', (event) => {
        const { errorCode, errorText } = event as RTCPeerConnectionIceErrorEvent;
        // 701 is the browser's own: the server was not reached. What the relay says is worth more.
        if (errorCode !== 701) reason = `The relay refused it: ${errorCode} ${errorText}`;
      });
      setTimeout(() => resolve({ reason }), TRY_MS);
      peer.createDataChannel('try');
      void peer.createOffer().then((offer) => peer.setLocalDescription(offer));
    });
  } finally {
    peer.close();
  }
}
