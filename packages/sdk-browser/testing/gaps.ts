import type { RemoteTrack } from '../src/remote-track.ts';

const TONE_HZ = 440;
const BLOCK_FRAMES = 512;
/** Far below the tone, and above what a coder leaves of silence. */
const SILENT_RMS = 0.01;

/** Two browsers and all that is between them are on one machine: a picture that they can code many times over. */
const picture = { width: 320, height: 240, frameRate: 20 };

/** In the place of the microphone a tone that never pauses, and a small picture: a gap is one of the connection. */
export function sendTone(): void {
  const asked = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async ({ audio = false, ...others } = {}) => {
    const isSeen = others.video !== undefined && others.video !== false;
    const stream = isSeen ? await asked({ video: picture }) : new MediaStream();
    if (audio === false) return stream;
    const context = new AudioContext();
    const tone = new OscillatorNode(context, { frequency: TONE_HZ });
    const out = context.createMediaStreamDestination();
    tone.connect(out);
    tone.start();
    for (const track of out.stream.getAudioTracks()) stream.addTrack(track);
    return stream;
  };
}

/** Measures, from the first picture and the first sound on, the longest pause of each as a person sees and hears them. */
export function watchGaps(video: HTMLVideoElement, tracks: () => readonly RemoteTrack[]): void {
  const gaps = { pictureMs: 0, soundMs: 0, heardMs: 0, sawCount: 0 };
  let lastMs: number | undefined;
  const saw: VideoFrameRequestCallback = (nowMs) => {
    if (lastMs !== undefined) gaps.pictureMs = Math.max(gaps.pictureMs, nowMs - lastMs);
    lastMs = nowMs;
    gaps.sawCount += 1;
    video.requestVideoFrameCallback(saw);
  };
  video.requestVideoFrameCallback(saw);
  const context = new AudioContext();
  const ear = context.createScriptProcessor(BLOCK_FRAMES, 1, 1);
  const blockMs = (BLOCK_FRAMES * 1_000) / context.sampleRate;
  let source: MediaStreamAudioSourceNode | undefined;
  let heard: MediaStreamTrack | undefined;
  let silentMs = 0;
  ear.onaudioprocess = ({ inputBuffer }) => {
    const track = tracks().find(({ kind }) => kind === 'audio')?.mediaStreamTrack;
    if (track !== undefined && track !== heard) {
      source?.disconnect();
      source = context.createMediaStreamSource(new MediaStream([track]));
      source.connect(ear);
      heard = track;
    }
    const samples = inputBuffer.getChannelData(0);
    const rms = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
    silentMs = rms < SILENT_RMS ? silentMs + blockMs : 0;
    if (rms >= SILENT_RMS) gaps.heardMs += blockMs;
    if (gaps.heardMs > 0) gaps.soundMs = Math.max(gaps.soundMs, silentMs);
  };
  ear.connect(context.destination);
  Object.assign(window, { gaps });
}

declare global {
  interface Window {
    gaps?: { pictureMs: number; soundMs: number; heardMs: number; sawCount: number };
  }
}
