import { StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { TokenSource } from '../src/index.ts';
import {
  PatchbayProvider,
  PreJoin,
  type PreJoinChoice,
  useCall,
  useDevices,
  usePatchbay,
  VideoTile,
} from '../src/react.tsx';

const identity = new URLSearchParams(location.search).get('as') ?? '';
const token = TokenSource.endpoint(`/api/token?as=${identity}`);

function Phone() {
  const client = usePatchbay();
  const { cameras } = useDevices();
  const [choice, setChoice] = useState<PreJoinChoice>();
  const { state, incoming, localStream, remoteTracks, endReason, accept, hangUp, toggleMute, isMuted } =
    useCall();
  return (
    <>
      <output id="state">{state}</output>
      <output id="cameras">{cameras.length}</output>
      <output id="client">{client === undefined ? 'none' : 'there'}</output>
      <output id="reason">{endReason?.code}</output>
      {choice === undefined && <PreJoin onJoin={setChoice} />}
      {incoming !== undefined && choice !== undefined && (
        <button type="button" id="accept" onClick={() => void accept({ stream: choice.stream })}>
          {incoming.from}
        </button>
      )}
      <button type="button" id="mute" onClick={() => toggleMute('audio')}>
        {isMuted('audio') ? 'muted' : 'open'}
      </button>
      <button type="button" id="hang-up" onClick={hangUp}>
        Hang up
      </button>
      {state !== 'idle' && <VideoTile stream={localStream} label="me" />}
      {state !== 'idle' && <VideoTile tracks={remoteTracks} label="them" />}
    </>
  );
}

createRoot(document.querySelector('main') ?? document.body).render(
  <StrictMode>
    <PatchbayProvider token={token}>
      <Phone />
    </PatchbayProvider>
  </StrictMode>,
);
