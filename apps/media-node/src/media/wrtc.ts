/** What is used of @roamhq/wrtc 0.10.0, whose own types are those of browsers. */
export interface Wrtc {
  readonly RTCPeerConnection: typeof RTCPeerConnection;
  readonly MediaStream: typeof MediaStream;
  readonly nonstandard: {
    readonly RTCAudioSource: new () => AudioSource;
    readonly RTCAudioSink: new (track: MediaStreamTrack) => AudioSink;
  };
}

/** Takes 10 ms of sound at a time. */
export interface AudioSource {
  createTrack(): MediaStreamTrack;
  onData(frame: PcmFrame): void;
}

/** Gives 10 ms of sound at a time: the first frames at 16 kHz, then at 48. */
export interface AudioSink {
  ondata: ((frame: PcmFrame) => void) | null;
  stop(): void;
}

export interface PcmFrame {
  readonly samples: Int16Array;
  readonly sampleRate: number;
}

/** Loads it. Throws where there is none for this machine: it is an optional dependency. */
export async function loadWrtc(): Promise<Wrtc> {
  const module: { readonly default: unknown } = await import('@roamhq/wrtc');
  return module.default as Wrtc;
}
