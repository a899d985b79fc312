/** What of WebRTC's detector is used; its package says nothing of its types. */
declare module '@echogarden/fvad-wasm' {
  interface FvadLibrary {
    readonly HEAP16: Int16Array;
    _malloc(bytes: number): number;
    _fvad_new(): number;
    _fvad_set_mode(instance: number, mode: number): number;
    _fvad_set_sample_rate(instance: number, hertz: number): number;
    _fvad_process(instance: number, samples: number, count: number): number;
    _fvad_free(instance: number): void;
  }
  // biome-ignore lint/style/noDefaultExport: it has no other.
  export default function load(): Promise<FvadLibrary>;
}
