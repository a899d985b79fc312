import { encodeServerFrame, type ServerMessage } from '@patchbay/protocol/signaling/messages';
import { expect, it } from 'vitest';
import { Leg } from './leg.ts';
import type { OpenRoomWay } from './room-way.ts';
import { FRAME_SAMPLES, RATE_HZ } from './sound-run.ts';
import type { PcmFrame, Wrtc } from './wrtc.ts';

const sessionId = 'ses_1';
const nothing = { audio: false, video: false, screen: false };

/** A leg that is connected to nobody, by a library that is not there. */
function connectedLeg() {
  const sent: Int16Array[] = [];
  const track = { kind: 'audio', stop: () => undefined };
  class Connection {
    iceConnectionState = 'connected';
    oniceconnectionstatechange: () => void = () => undefined;
    ontrack: (event: { track: object }) => void = () => undefined;
    addTrack = () => undefined;
    close = () => undefined;
    getStats = async () => new Map();
    constructor() {
      connections.push(this);
    }
  }
  const connections: Connection[] = [];
  const sinks: { ondata?: (frame: PcmFrame) => void }[] = [];
  const wrtc = {
    RTCPeerConnection: Connection,
    MediaStream: class {},
    nonstandard: {
      RTCAudioSource: class {
        createTrack = () => track;
        onData = ({ samples }: PcmFrame) => sent.push(samples);
      },
      RTCAudioSink: class {
        ondata?: (frame: PcmFrame) => void;
        stop = () => undefined;
        constructor() {
          sinks.push(this);
        }
      },
    },
  } as unknown as Wrtc;
  const reports: object[] = [];
  const said: Int16Array[] = [];
  const room: Int16Array[] = [];
  const openRoomWay: OpenRoomWay = (onOpen) => {
    onOpen(5_000);
    return {
      connect: (address) => void connected.push(address.port),
      say: (frame) => void said.push(frame),
      next: () => room.shift(),
      close: () => void connected.push(0),
    };
  };
  const connected: number[] = [];
  const report = (one: object) => reports.push(one);
  const leg = new Leg({ leg: 'leg_1', wrtc, report, openRoomWay, nowMs: 0 });
  const hear = (message: ServerMessage) => leg.hear(encodeServerFrame({ ...message, sequence: 0 }));
  const of = { sessionId, legId: 'leg_1', peer: 'alice', media: { ...nothing, audio: true } };
  hear({ type: 'started', ...of, initiator: false, generation: 0, iceServers: [], mode: 'auto' });
  connections[0]?.ontrack({ track });
  connections[0]?.oniceconnectionstatechange();
  const control = (said: { held?: boolean; muted?: boolean; peerMuted?: boolean }) =>
    hear({
      type: 'control',
      sessionId,
      held: said.held ?? false,
      muted: { ...nothing, audio: said.muted ?? false },
      peerMuted: { ...nothing, audio: said.peerMuted ?? false },
    });
  /** The first sample of each frame that was sent in so many ticks. */
  const tick = (count: number) => {
    sent.length = 0;
    for (let tickCount = 0; tickCount < count; tickCount++) leg.tick(1);
    return sent.map((samples) => samples[0]);
  };
  const speak = (level: number) =>
    sinks[0]?.ondata?.({
      samples: new Int16Array(FRAME_SAMPLES).fill(level),
      sampleRate: RATE_HZ,
    } as PcmFrame);
  return { leg, reports, control, tick, speak, said, room, connected };
}

const steps = (count: number) =>
  Int16Array.from({ length: count * FRAME_SAMPLES }, (_, index) => 1 + Math.floor(index / FRAME_SAMPLES));

it('what a held leg plays goes on where it was, and of a muted one unheard (LIV-1)', () => {
  const { leg, control, tick } = connectedLeg();
  leg.sound({
    type: 'sound',
    leg: 'leg_1',
    number: 1,
    clips: [{ kind: 'samples', rateHz: RATE_HZ, samples: steps(6), repeatCount: 1 }],
  });
  expect(tick(1)).toEqual([1]);
  control({ held: true });
  expect(tick(3)).toEqual([0, 0, 0]);
  control({});
  expect(tick(1)).toEqual([2]);
  control({ muted: true });
  expect(tick(2)).toEqual([0, 0]);
  control({});
  expect(tick(1)).toEqual([5]);
});

it('what the other party may not send is not heard, and neither is anything while the leg is held', () => {
  const { leg, control, tick, speak } = connectedLeg();
  const clips = [{ kind: 'echo', milliseconds: 1_000 }] as const;
  leg.sound({ type: 'sound', leg: 'leg_1', number: 1, clips });
  speak(7);
  expect(tick(1)).toEqual([7]);
  control({ peerMuted: true });
  speak(8);
  expect(tick(1)).toEqual([0]);
  control({});
  speak(9);
  expect(tick(1)).toEqual([9]);
});

it('a leg waits for its room with what it is to hear, is in it until its order is over, and what is held or muted says nothing there (CNF)', () => {
  const { leg, reports, control, tick, speak, said, room, connected } = connectedLeg();
  const of = { leg: 'leg_1', number: 4 } as const;
  const wait = [{ kind: 'samples', rateHz: RATE_HZ, samples: steps(2), repeatCount: 1 }] as const;
  leg.room({ type: 'room', ...of, wait });
  expect(reports.at(-1)).toEqual({ type: 'room-way', ...of, port: 5_000 });
  speak(7);
  // Again and again, and a frame between two runs of it.
  expect(tick(5).filter((level) => level !== 0)).toEqual([1, 2, 1, 2]);
  expect(said).toEqual([]);
  leg.roomMixed({ type: 'room-mixed', ...of, address: { host: '127.0.0.1', port: 6_000 } });
  room.push(new Int16Array(FRAME_SAMPLES).fill(9));
  expect(tick(2)).toEqual([9, 0]);
  speak(7);
  control({ peerMuted: true });
  speak(8);
  control({ held: true });
  speak(8);
  control({});
  expect(said.map((frame) => frame[0])).toEqual([7]);
  // An order that is over, or another one, changes nothing here.
  leg.roomOver({ type: 'room-over', leg: 'leg_1', number: 3 });
  expect(connected).toEqual([6_000]);
  leg.roomOver({ type: 'room-over', ...of });
  expect(connected).toEqual([6_000, 0]);
  expect(tick(1)).toEqual([0]);
});
