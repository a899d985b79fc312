declare module 'simple-peer/simplepeer.min.js' {
  interface PrebuiltPeer {
    on(name: string, listener: (argument: never) => void): this;
    signal(data: unknown): void;
    addTrack(track: MediaStreamTrack, stream: MediaStream): void;
    replaceTrack(from: MediaStreamTrack, to: MediaStreamTrack, stream: MediaStream): void;
    getStats(
      callback: (error: Error | null, reports: readonly Readonly<Record<string, unknown>>[]) => void,
    ): void;
    destroy(): void;
  }
  const SimplePeer: new (options: object) => PrebuiltPeer;
  export = SimplePeer;
}
