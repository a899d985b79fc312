/**
 * Sound or picture of the other party. It stays the same object when the call is recovered: what is attached goes on
 * playing from the new peer connection.
 */
export class RemoteTrack {
  readonly kind: 'audio' | 'video';
  readonly #elements = new Set<HTMLMediaElement>();
  #track: MediaStreamTrack;

  constructor(track: MediaStreamTrack) {
    this.kind = track.kind === 'audio' ? 'audio' : 'video';
    this.#track = track;
  }

  get mediaStreamTrack(): MediaStreamTrack {
    return this.#track;
  }

  /** Plays it in this element, beside what of the same call plays there. Gives the element back. */
  attach<Element extends HTMLMediaElement>(element: Element): Element {
    this.#elements.add(element);
    const playing = element.srcObject;
    if (playing instanceof MediaStream && attachedStreams.has(playing)) playing.addTrack(this.#track);
    else {
      const stream = new MediaStream([this.#track]);
      attachedStreams.add(stream);
      element.srcObject = stream;
    }
    element.autoplay = true;
    element.setAttribute('playsinline', '');
    // A browser that wants a gesture first shows its own controls or the page's.
    element.play().catch(() => undefined);
    return element;
  }

  /** Stops playing it in this element, or in all. */
  detach(element?: HTMLMediaElement): void {
    for (const each of element === undefined ? [...this.#elements] : [element]) {
      this.#elements.delete(each);
      const playing = each.srcObject;
      if (!(playing instanceof MediaStream) || !attachedStreams.has(playing)) continue;
      playing.removeTrack(this.#track);
      if (playing.getTracks().length === 0) each.srcObject = null;
    }
  }

  /** @internal The same sound or picture from a newer peer connection. */
  replace(track: MediaStreamTrack): void {
    const elements = [...this.#elements];
    const former = this.#track;
    this.#track = track;
    for (const element of elements) {
      const playing = element.srcObject;
      if (!(playing instanceof MediaStream)) continue;
      playing.addTrack(track);
      playing.removeTrack(former);
      element.play().catch(() => undefined);
    }
  }
}

/** Streams that attach made, which it may add to. A stream of the page's own is never changed. */
const attachedStreams = new WeakSet<MediaStream>();
