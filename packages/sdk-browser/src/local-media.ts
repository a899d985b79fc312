import type { Media } from '@patchbay/protocol/signaling/messages';
import { PatchbayError, type PatchbayErrorCode } from '@patchbay/sdk';

export interface MediaOptions {
  /** Default: true. */
  readonly audio?: boolean | MediaTrackConstraints;
  /** Default: false. */
  readonly video?: boolean | MediaTrackConstraints;
  /** Media that the page already has, e.g. of a pre-join view. It stays the page's: a call does not stop it. */
  readonly stream?: MediaStream;
}

const nothing: Media = { audio: false, video: false, screen: false };

/** What one call sends: one microphone, and one picture that is the camera's or the screen's. */
export class LocalMedia {
  readonly stream: MediaStream;
  readonly #isOwn: boolean;
  readonly #added = new Set<MediaStreamTrack>();
  #camera: MediaStreamTrack | undefined;
  #screen: MediaStreamTrack | undefined;
  /** What the platform does not let this party send, and of those tracks whether the person wants them sent. */
  #withheld: Media = nothing;
  readonly #wanted = new Map<MediaStreamTrack, boolean>();

  private constructor(stream: MediaStream, isOwn: boolean) {
    this.stream = stream;
    this.#isOwn = isOwn;
    this.#camera = stream.getVideoTracks()[0];
  }

  /** Asks for the devices. Throws a PatchbayError that says what the person can do. */
  static async open({ audio = true, video = false, stream }: MediaOptions): Promise<LocalMedia> {
    if (stream !== undefined) return new LocalMedia(new MediaStream(stream.getTracks()), false);
    if (audio === false && video === false) return new LocalMedia(new MediaStream(), true);
    return new LocalMedia(await capture({ audio, video }), true);
  }

  /** What the person wants to be sent, whatever the platform withholds of it. */
  get media(): Media {
    const isOn = (track: MediaStreamTrack | undefined) =>
      track !== undefined && this.#isWanted(track) && track.readyState === 'live';
    return {
      audio: isOn(this.stream.getAudioTracks()[0]),
      video: this.#screen === undefined && isOn(this.#camera),
      screen: isOn(this.#screen),
    };
  }

  get isSharingScreen(): boolean {
    return this.#screen !== undefined;
  }

  trackOf(kind: 'audio' | 'video'): MediaStreamTrack | undefined {
    return this.stream.getTracks().find((track) => track.kind === kind);
  }

  /** True where that is another wish than before. What is withheld is sent when it no longer is. */
  want(kind: 'audio' | 'video', isWanted: boolean): boolean {
    const track = this.trackOf(kind);
    if (track === undefined || this.#isWanted(track) === isWanted) return false;
    if (this.#wanted.has(track)) this.#wanted.set(track, isWanted);
    else track.enabled = isWanted;
    return true;
  }

  /** What is not sent from now on, until this is called again: of tracks that come later as well. */
  withhold(kinds: Media): void {
    this.#withheld = kinds;
    this.#holdBack();
  }

  #isWanted(track: MediaStreamTrack): boolean {
    return this.#wanted.get(track) ?? track.enabled;
  }

  #holdBack(): void {
    for (const track of this.stream.getTracks()) {
      const kind = track.kind === 'audio' ? 'audio' : track === this.#screen ? 'screen' : 'video';
      const wanted = this.#wanted.get(track);
      if (this.#withheld[kind] && wanted === undefined) {
        this.#wanted.set(track, track.enabled);
        track.enabled = false;
      } else if (!this.#withheld[kind] && wanted !== undefined) {
        this.#wanted.delete(track);
        track.enabled = wanted;
      }
    }
  }

  /** Puts the track in the place of the one of its kind, which is given back. */
  put(track: MediaStreamTrack): MediaStreamTrack | undefined {
    const former = this.trackOf(track.kind === 'audio' ? 'audio' : 'video');
    if (former === track) return undefined;
    if (former !== undefined) {
      const isWanted = this.#isWanted(former);
      if (!this.#wanted.has(track)) track.enabled = isWanted;
      this.stream.removeTrack(former);
      this.#release(former);
    }
    this.stream.addTrack(track);
    this.#holdBack();
    return former;
  }

  /** It is sent no longer, and is as its person wants it again: a page may own it. */
  #release(track: MediaStreamTrack): void {
    const wanted = this.#wanted.get(track);
    if (wanted === undefined) return;
    this.#wanted.delete(track);
    track.enabled = wanted;
  }

  /** A newly chosen device takes the place of the one before, which is released. */
  adopt(track: MediaStreamTrack): MediaStreamTrack | undefined {
    this.#added.add(track);
    if (track.kind === 'video') {
      const former = this.#camera;
      this.#camera = track;
      if (this.#screen !== undefined) {
        former?.stop();
        return undefined;
      }
    }
    const former = this.put(track);
    former?.stop();
    return former;
  }

  beginScreen(track: MediaStreamTrack): MediaStreamTrack | undefined {
    this.#screen = track;
    this.#added.add(track);
    const former = this.put(track);
    if (this.#wanted.has(track)) this.#wanted.set(track, true);
    else track.enabled = true;
    return former;
  }

  /** The camera comes back, if there was one. */
  endScreen(): MediaStreamTrack | undefined {
    const screen = this.#screen;
    this.#screen = undefined;
    screen?.stop();
    if (this.#camera !== undefined) this.put(this.#camera);
    else if (screen !== undefined) this.stream.removeTrack(screen);
    return screen;
  }

  /** Releases the devices that this call opened. */
  stop(): void {
    this.withhold(nothing);
    const own = this.#isOwn ? [...this.stream.getTracks(), this.#camera] : [];
    for (const track of [...own, ...this.#added]) track?.stop();
  }
}

/** getUserMedia whose failures say what to do. */
export async function capture(constraints: MediaStreamConstraints): Promise<MediaStream> {
  const { mediaDevices } = navigator;
  if (mediaDevices === undefined) {
    const message = 'Camera and microphone need a secure page: serve it over https, or from localhost.';
    throw new PatchbayError({ code: 'client.insecure_page', message });
  }
  try {
    return await mediaDevices.getUserMedia(constraints);
  } catch (error) {
    throw toDeviceError(error);
  }
}

function toDeviceError(cause: unknown): PatchbayError {
  const name = cause instanceof Error ? cause.name : '';
  const [code, message] = deviceErrors[name] ?? deviceFailed;
  return new PatchbayError({ code, message }, { cause });
}

const deviceFailed = ['client.device_failed', 'The camera or microphone could not be opened.'] as const;

const deviceErrors: Readonly<Record<string, readonly [code: PatchbayErrorCode, message: string]>> = {
  NotAllowedError: ['client.device_denied', 'The person or the browser denied the camera or microphone.'],
  NotFoundError: ['client.device_missing', 'There is no such camera or microphone.'],
  NotReadableError: ['client.device_busy', 'Another program uses the camera or microphone.'],
  OverconstrainedError: ['client.device_missing', 'No device fits what was asked for.'],
};
