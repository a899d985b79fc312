import { elements } from './elements.ts';

/** The person's own picture before a call, and which devices it comes from. */
export class Preview {
  #stream: MediaStream | undefined;

  get stream(): MediaStream | undefined {
    return this.#stream;
  }

  /** Opens the chosen devices, a microphone alone where there is no camera. Throws when there is neither. */
  async open(): Promise<void> {
    const chosen = (select: HTMLSelectElement) =>
      select.value === '' ? true : { deviceId: { exact: select.value } };
    const audio = chosen(elements.microphone);
    const video = {
      ...(typeof chosen(elements.camera) === 'object' ? { deviceId: { exact: elements.camera.value } } : {}),
      width: { ideal: 1280 },
    };
    const former = this.#stream;
    const next = await navigator.mediaDevices
      .getUserMedia({ audio, video })
      .catch(() => navigator.mediaDevices.getUserMedia({ audio }));
    for (const track of former?.getTracks() ?? []) {
      const successor = next.getTracks().find(({ kind }) => kind === track.kind);
      if (successor !== undefined) successor.enabled = track.enabled;
      track.stop();
    }
    this.#stream = next;
    elements.ownVideo.srcObject = next;
    await listDevices();
  }

  toggle(kind: 'audio' | 'video'): void {
    const track = this.track(kind);
    if (track !== undefined) track.enabled = !track.enabled;
  }

  isOff(kind: 'audio' | 'video'): boolean {
    return this.track(kind)?.enabled !== true;
  }

  track(kind: 'audio' | 'video'): MediaStreamTrack | undefined {
    return this.#stream?.getTracks().find((track) => track.kind === kind);
  }
}

/** Fills the two lists with what is there, and keeps the choice. */
export async function listDevices(): Promise<void> {
  const devices = await navigator.mediaDevices.enumerateDevices();
  for (const [select, kind, name] of [
    [elements.microphone, 'audioinput', 'Microphone'],
    [elements.camera, 'videoinput', 'Camera'],
  ] as const) {
    const { value } = select;
    const options = devices
      .filter((device) => device.kind === kind)
      .map((device, index) => new Option(device.label || `${name} ${index + 1}`, device.deviceId));
    select.replaceChildren(
      ...(options.length > 0 ? options : [new Option(`No ${name.toLowerCase()} found`, '')]),
    );
    if (options.some((option) => option.value === value)) select.value = value;
    select.disabled = options.length === 0;
  }
}
