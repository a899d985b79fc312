import { type Call, connect, type IncomingCall, type Quality, TokenSource } from '@patchbay/sdk-browser';

const element = <E extends HTMLElement>(selector: string): E => {
  const found = document.querySelector<E>(selector);
  if (found === null) throw new Error(`The page has no ${selector}.`);
  return found;
};
const localVideo = element<HTMLVideoElement>('[data-local]');
const remoteVideo = element<HTMLVideoElement>('[data-remote]');
const joinButton = element<HTMLButtonElement>('[data-join]');
const errorText = element('[data-error]');
const linkInput = element<HTMLInputElement>('[data-link]');
const show = (view: 'prejoin' | 'waiting' | 'call' | 'ended') => {
  document.body.dataset.view = view;
};
const hint = (text: string) => {
  element('[data-hint]').textContent = text;
};

const query = new URLSearchParams(location.search);
const callee = query.get('call');
const mode = query.get('mode') === 'relay' ? 'relay' : 'auto';
if (callee !== null) {
  element('[data-title]').textContent = 'Join the call';
  element('[data-lead]').textContent = 'Somebody is waiting for you.';
  joinButton.textContent = 'Join call';
}

/** Who this window is. It stays the same when the page is loaded again. */
const secret = sessionStorage.getItem('secret') ?? crypto.randomUUID();
sessionStorage.setItem('secret', secret);
const pb = connect({ token: TokenSource.endpoint('/api/token', { body: { secret } }) });

let preview: MediaStream | undefined;
let current: Call | undefined;

async function openPreview(): Promise<MediaStream> {
  const chosen = (kind: 'video' | 'audio') => element<HTMLSelectElement>(`[data-devices="${kind}"]`).value;
  const wish = (deviceId: string) => (deviceId === '' ? true : { deviceId: { exact: deviceId } });
  for (const track of preview?.getTracks() ?? []) track.stop();
  preview = await navigator.mediaDevices.getUserMedia({
    audio: wish(chosen('audio')),
    video: wish(chosen('video')),
  });
  localVideo.srcObject = preview;
  return preview;
}

async function listDevices(): Promise<void> {
  const devices = await navigator.mediaDevices.enumerateDevices();
  for (const kind of ['video', 'audio'] as const) {
    const select = element<HTMLSelectElement>(`[data-devices="${kind}"]`);
    const { value } = select;
    const options = devices
      .filter((device) => device.kind === `${kind}input`)
      .map(({ label, deviceId }, index) => new Option(label || `${kind} ${index + 1}`, deviceId));
    select.replaceChildren(...options);
    if (options.some((option) => option.value === value)) select.value = value;
  }
}

function fail(error: unknown): void {
  errorText.textContent = error instanceof Error ? error.message : String(error);
  errorText.hidden = false;
  joinButton.disabled = false;
}

function follow(call: Call): void {
  current = call;
  localVideo.srcObject = call.localStream;
  hint('Connecting …');
  show('call');
  for (const track of call.remoteTracks) track.attach(remoteVideo);
  call.on('trackSubscribed', (track) => track.attach(remoteVideo));
  call.on('connected', () => hint(''));
  call.on('reconnecting', () => hint('The connection was lost. Connecting again …'));
  call.on('reconnected', () => hint(''));
  call.on('limitReached', ({ limit }) => hint(`A limit of this call is reached: ${limit}.`));
  call.on('mediaChanged', ({ audio }) => hint(audio ? '' : 'The other side is muted.'));
  call.on('qualityChanged', showQuality);
  call.on('disconnected', (reason) => {
    current = undefined;
    remoteVideo.srcObject = null;
    element('[data-badge]').hidden = true;
    element('[data-reason]').textContent = `${reason.detail ?? ''} (${reason.code})`.trim();
    const help = element<HTMLAnchorElement>('[data-help]');
    help.hidden = reason.helpUrl === '';
    help.href = reason.helpUrl;
    hint('');
    show('ended');
  });
}

function showQuality(quality: Quality): void {
  const badge = element('[data-badge]');
  badge.hidden = false;
  badge.dataset.level = quality.level;
  const kilobits = Math.round((quality.sentBitsPerSecond + quality.receivedBitsPerSecond) / 1000);
  const parts = [
    quality.path === 'relay' ? 'Relayed' : 'Direct',
    `${Math.round(quality.rttMs)} ms`,
    `${kilobits} kbit/s`,
  ];
  element('[data-badge-text]').textContent = parts.join(' · ');
}

async function join(): Promise<void> {
  joinButton.disabled = true;
  errorText.hidden = true;
  try {
    const stream = preview ?? (await openPreview());
    await pb.ready();
    if (callee !== null) {
      hint('Ringing …');
      follow(await pb.call(callee, { audio: true, video: true, stream, mode }));
      return;
    }
    const link = new URL(location.pathname, location.href);
    link.searchParams.set('call', `user:${pb.identity}`);
    if (mode === 'relay') link.searchParams.set('mode', mode);
    linkInput.value = link.href;
    linkInput.dataset.shareLink = link.href;
    hint('');
    show('waiting');
  } catch (error) {
    fail(error);
  }
}

pb.on('incoming', (incoming: IncomingCall) => {
  // Whoever has the link was invited: the first one is let in, a second one hears that we are busy.
  if (current !== undefined || document.body.dataset.view !== 'waiting') return incoming.reject('busy');
  const accepting =
    preview === undefined
      ? incoming.accept({ video: true, mode })
      : incoming.accept({ video: true, stream: preview, mode });
  accepting.then(follow, fail);
});
pb.on('disconnected', fail);

joinButton.addEventListener('click', () => void join());
for (const select of document.querySelectorAll('[data-devices]'))
  select.addEventListener('change', () => void openPreview().catch(fail));
element('[data-copy]').addEventListener('click', () => {
  linkInput.select();
  void navigator.clipboard.writeText(linkInput.value).then(() => hint('The link is copied.'));
});
for (const button of document.querySelectorAll<HTMLButtonElement>('[data-mute]')) {
  const kind = button.dataset.mute === 'video' ? 'video' : 'audio';
  button.addEventListener('click', () => {
    const isOff = button.getAttribute('aria-pressed') !== 'true';
    if (isOff) current?.mute(kind);
    else current?.unmute(kind);
    button.setAttribute('aria-pressed', String(isOff));
  });
}
element('[data-screen]').addEventListener('click', () => {
  const call = current;
  if (call === undefined) return;
  const work = call.isSharingScreen ? call.stopSharingScreen() : call.shareScreen();
  Promise.resolve(work).then(
    () => element('[data-screen]').setAttribute('aria-pressed', String(call.isSharingScreen)),
    // Who closes the browser's chooser has decided, and nothing failed.
    () => undefined,
  );
});
element('[data-hang-up]').addEventListener('click', () => current?.hangUp());
element('[data-again]').addEventListener('click', () => location.reload());

openPreview().then(listDevices).catch(fail);
