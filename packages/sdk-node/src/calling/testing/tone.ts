import wrtc from '@roamhq/wrtc';
import type { MediaTrack, PhoneCall } from '../phone-call.ts';

const { RTCAudioSink, RTCAudioSource } = wrtc.nonstandard;
const SAMPLES_PER_SECOND = 48_000;
const FRAME_MS = 10;
const FRAME_SAMPLES = (SAMPLES_PER_SECOND * FRAME_MS) / 1_000;
/** A tone that is heard has some 5,600; what a lost packet is concealed with fades below this in a moment. */
const LOUD = 2_000;

/** A tone of 440 Hz. */
export function playTone(): { readonly track: MediaTrack; readonly stop: () => void } {
  const source = new RTCAudioSource();
  const track = source.createTrack();
  let index = 0;
  const timer = setInterval(() => {
    const samples = Int16Array.from(
      { length: FRAME_SAMPLES },
      (_, i) => 8_000 * Math.sin((2 * Math.PI * 440 * (index * FRAME_SAMPLES + i)) / SAMPLES_PER_SECOND),
    );
    index += 1;
    source.onData({
      samples,
      sampleRate: SAMPLES_PER_SECOND,
      channelCount: 1,
      bitsPerSample: 16,
      numberOfFrames: FRAME_SAMPLES,
    });
  }, FRAME_MS);
  return {
    track,
    stop: () => {
      clearInterval(timer);
      track.stop();
    },
  };
}

/** Listens to the sound of a call, over all its connections. To be called before its track is subscribed to. */
export function hearTone(call: PhoneCall) {
  const sinks: { stop(): void }[] = [];
  let loudAtMs: number | undefined;
  let silentMsMax = 0;
  call.on('trackSubscribed', (track) => {
    if (track.kind !== 'audio') return;
    const sink = new RTCAudioSink(track as MediaStreamTrack);
    sink.ondata = (frame: unknown) => {
      const { samples } = frame as { samples: Int16Array };
      const square = samples.reduce((sum, sample) => sum + sample ** 2, 0) / samples.length;
      if (Math.sqrt(square) < LOUD) return;
      const nowMs = performance.now();
      silentMsMax = Math.max(silentMsMax, nowMs - (loudAtMs ?? nowMs));
      loudAtMs = nowMs;
    };
    sinks.push(sink);
  });
  return {
    isHeard: () => loudAtMs !== undefined,
    /** The longest time without the tone since it was first heard. */
    silentMsMax: () => silentMsMax,
    stop: () => {
      for (const sink of sinks) sink.stop();
    },
  };
}
