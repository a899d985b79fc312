/** Two calls with the platform between them played by the test, which decides what is lost. */
import type { ClientMessage, ServerFrame } from '@patchbay/protocol/signaling/messages';
import { until } from '@patchbay/testing/until';
import { expect, test } from 'vitest';
import { PhoneCall } from './phone-call.ts';
import { loadWrtc, type Wrtc } from './wrtc.ts';

const sessionId = 'ses_1';
const media = { audio: true, video: false, screen: false };
const opening = { sessionId, legId: 'leg_1', peer: 'x', media, iceServers: [], sequence: 1 } as const;

/** Wires two calls; `passes` says which signals arrive. Asked for a relay, it starts the next generation on both. */
async function createPair(passes: (generation: number) => boolean) {
  const wrtc = await loadWrtc();
  const sent: ClientMessage[] = [];
  let generation = 0;
  const tell = (to: () => PhoneCall) => (message: ClientMessage) => {
    sent.push(message);
    if (message.type === 'signal' && passes(message.generation)) {
      setImmediate(() => to().receive({ ...message, sequence: 1 } as ServerFrame));
    }
    if (message.type === 'relayNeeded' && message.generation === generation) {
      generation += 1;
      const frame = {
        ...opening,
        type: 'recover',
        generation,
        mode: 'auto',
        reason: 'relay_needed',
      } as const;
      caller.receive({ ...frame, initiator: true });
      callee.receive({ ...frame, initiator: false });
    }
  };
  const setup = { sessionId, peer: 'x', tracks: [], wrtc, helpUrlOf: () => '' };
  const source = new (wrtc as unknown as typeof import('@roamhq/wrtc')).nonstandard.RTCAudioSource();
  const track = source.createTrack();
  const caller: PhoneCall = new PhoneCall({ ...setup, tracks: [track], send: tell(() => callee) });
  const callee: PhoneCall = new PhoneCall({ ...setup, send: tell(() => caller) });
  const frame = { ...opening, type: 'started', generation: 0, mode: 'auto' } as const;
  caller.receive({ ...frame, initiator: true });
  callee.receive({ ...frame, initiator: false });
  return { caller, callee, sent, track };
}

test('a path that does not connect is given up after 4 seconds, and the next one connects (QUE-5, LIV-3)', {
  timeout: 30_000,
}, async () => {
  const { caller, callee, sent, track } = await createPair((generation) => generation > 0);
  const connected: string[] = [];
  caller.on('connected', ({ path }) => connected.push(path));
  callee.on('connected', ({ path }) => connected.push(path));
  await until(() => connected.length === 2, { what: 'both to be connected', timeoutMs: 15_000 });
  expect(sent).toContainEqual({ type: 'relayNeeded', sessionId, generation: 0, reason: 'timeout' });
  const reports = sent.filter((message) => message.type === 'connected');
  expect(reports.map(({ generation }) => generation)).toEqual([1, 1]);
  caller.hangUp();
  expect(sent.at(-1)).toEqual({ type: 'hangup', sessionId });
  callee.end({ code: 'signaling.hung_up', helpUrl: '', detail: '' });
  track.stop();
});

test('frames that come after the end are passed over', async () => {
  const { caller, callee, sent, track } = await createPair(() => false);
  caller.hangUp();
  callee.hangUp();
  const count = sent.length;
  caller.receive({ ...opening, type: 'recover', generation: 1, mode: 'auto', reason: 'x', initiator: true });
  caller.hangUp();
  expect(sent).toHaveLength(count);
  track.stop();
});

/** A peer connection whose ICE state the test decides: a real one takes 15 seconds to fail. */
class ScriptedPeer {
  static readonly made: ScriptedPeer[] = [];
  iceConnectionState = 'new';
  oniceconnectionstatechange: () => void = () => {};
  constructor() {
    ScriptedPeer.made.push(this);
  }
  addTrack(): void {}
  close(): void {}
  async getStats(): Promise<Map<string, object>> {
    const [local, remote] = ['local', 'remote'].map((id) => ({
      id,
      type: `${id}-candidate`,
      candidateType: 'host',
    }));
    const pair = { id: 'pair', type: 'candidate-pair', nominated: true, state: 'succeeded' };
    const reports = [{ ...pair, localCandidateId: 'local', remoteCandidateId: 'remote' }, local, remote];
    return new Map(reports.flatMap((report) => (report === undefined ? [] : [[report.id, report]])));
  }
  turn(state: string): void {
    this.iceConnectionState = state;
    this.oniceconnectionstatechange();
  }
}

test('a call goes on without signaling while its media flows, and ends with a code when its media fails as well', async () => {
  const wrtc = { RTCPeerConnection: ScriptedPeer, MediaStream: class {} } as unknown as Wrtc;
  const [sent, told]: [ClientMessage[], string[]] = [[], []];
  const send = (message: ClientMessage) => sent.push(message);
  const call = new PhoneCall({ sessionId, peer: 'x', tracks: [], wrtc, send, helpUrlOf: () => '' });
  call.on('connected', () => told.push('connected'));
  call.on('reconnecting', ({ reason }) => told.push(reason));
  call.on('reconnected', ({ path }) => told.push(`reconnected:${path}`));
  call.on('disconnected', ({ code }) => told.push(code));
  call.receive({ ...opening, type: 'started', generation: 0, mode: 'auto', initiator: false });
  const turn = (state: string) => ScriptedPeer.made.at(-1)?.turn(state);
  call.signalingIs('away');
  turn('connected');
  await until(() => told.includes('connected'), { what: 'the call to be connected' });
  turn('disconnected');
  call.signalingIs('there');
  expect(told).toEqual(['connected', 'signaling_away']);
  turn('connected');
  call.signalingIs('away');
  turn('disconnected');
  turn('failed');
  expect(told.slice(2)).toEqual(['reconnected:direct', 'signaling_away', 'signaling.media_failed']);
  expect(sent.at(-1)).toEqual({ type: 'hangup', sessionId, reason: 'media_failed' });
});
