import type { Call, IncomingCall, PatchbayClient } from '@patchbay/sdk-browser';
import { elements as at, icons } from './elements.ts';
import { endOf, hasRunOut, invitationOf, type Pass } from './pass.ts';
import { listDevices, Preview } from './preview.ts';
import { type Reason, showReason } from './reasons.ts';
import { connectAsGuest, connectWithPass, describeQuality, forgetPass, takePass } from './session.ts';

const query = new URLSearchParams(location.search);
const callee = query.get('call');
const mode = query.get('mode') === 'relay' ? 'relay' : 'auto';
const preview = new Preview();
let pass: Pass | undefined;
let pb: PatchbayClient | undefined;
let call: Call | undefined;

// Stages: pre-join, waiting (the link is shared), call, ended.

function show(stage: 'pre-join' | 'waiting' | 'call', headline: string, explanation: string): void {
  document.body.dataset.stage = stage;
  at.headline.textContent = headline;
  at.explanation.textContent = explanation;
  at.share.hidden = stage !== 'waiting';
  at.start.hidden = stage !== 'pre-join';
  for (const element of [at.screen, at.hangUp, at.remote]) element.hidden = stage !== 'call';
  at.quality.hidden = true;
  drawControls();
}

function showPreJoin(headline: string): void {
  if (pass !== undefined && hasRunOut(pass, Date.now())) {
    showRunOut(pass);
    return;
  }
  const isJoining = callee !== null;
  at.start.textContent = isJoining ? 'Join' : 'Start';
  at.start.disabled = false;
  show(
    'pre-join',
    headline,
    isJoining
      ? 'Check how you look and sound. The other person is rung when you join.'
      : 'Check how you look and sound, then start and send the link to somebody.',
  );
}

/** No call goes on as somebody else's without a word: it is for the person to say. */
function showRunOut(over: Pass): void {
  at.start.textContent = 'Go on without it';
  at.start.disabled = false;
  show(
    'pre-join',
    'This pass has run out',
    `Until ${endOf(over)} calls were those of ${over.account}. Open the sample call anew from its page in the dashboard, or ask whoever sent you the link. Without the pass, calls are those of the account whose key this page’s server has.`,
  );
}

/** Whose the calls of this window are, for as long as it is open. */
function showPayer(given: Pass): void {
  at.payer.textContent = `${given.account} pays until ${endOf(given)}`;
  at.payer.title = at.payer.textContent;
  at.payer.hidden = false;
}

function goOnWithoutPass(): void {
  forgetPass();
  location.replace(location.pathname);
}

function showWaiting(headline: string): void {
  show(
    'waiting',
    headline,
    pass === undefined
      ? 'Send this link. Whoever opens it is put through to this window.'
      : `Send this link. It invites one person, who is put through to this window until ${endOf(pass)}; ${pass.account} pays for both of you.`,
  );
}

const complain = (error: unknown) => showReason(at.problem, error as Reason);

async function start(): Promise<void> {
  at.start.disabled = true;
  at.problem.hidden = true;
  try {
    if (preview.stream === undefined) await preview.open();
    const client = pb ?? (await connected());
    if (callee !== null) {
      at.start.textContent = 'Ringing…';
      follow(await client.call(callee, { ...given(), mode }));
    } else showWaiting('Waiting for somebody');
  } catch (error) {
    complain(error);
    showPreJoin('Ready?');
  }
}

async function connected(): Promise<PatchbayClient> {
  const { pb: client, name } = await (pass === undefined ? connectAsGuest() : connectWithPass(pass));
  pb = client;
  const link = new URL(location.pathname, location.href);
  link.searchParams.set('call', `user:${name}`);
  if (mode === 'relay') link.searchParams.set('mode', mode);
  if (pass !== undefined) link.hash = invitationOf(pass);
  at.shareLink.value = link.href;
  at.share.dataset.shareLink = link.href;
  client.on('incoming', answer);
  client.on('reconnecting', () => {
    at.connection.textContent = 'Reconnecting…';
  });
  client.on('reconnected', () => {
    at.connection.textContent = '';
  });
  client.on('disconnected', (error) => {
    pb = undefined;
    complain(error);
    showPreJoin('Disconnected');
  });
  return client;
}

/** Who has the link is expected: the call is answered at once. A second caller hears that this window is taken. */
async function answer(incoming: IncomingCall): Promise<void> {
  if (call !== undefined || callee !== null) {
    incoming.reject('busy');
    return;
  }
  try {
    follow(await incoming.accept({ ...given(), mode }));
  } catch (error) {
    complain(error);
  }
}

/** The preview goes on as the call's picture. */
function given(): { readonly stream?: MediaStream } {
  return preview.stream === undefined ? {} : { stream: preview.stream };
}

function follow(next: Call): void {
  call = next;
  at.ownVideo.srcObject = next.localStream;
  at.remoteName.textContent = next.peer;
  at.hangUp.hidden = false;
  next.on('trackSubscribed', (track) => track.attach(at.remoteVideo));
  next.on('connected', () => {
    at.problem.hidden = true;
    show('call', '', '');
    drawRemote(next);
  });
  next.on('reconnecting', () => {
    at.connection.textContent = 'Reconnecting media…';
  });
  next.on('reconnected', () => {
    at.connection.textContent = '';
  });
  next.on('mediaChanged', () => drawRemote(next));
  next.on('qualityChanged', (quality) => {
    at.quality.hidden = false;
    at.quality.dataset.level = quality.level;
    at.quality.textContent = describeQuality(quality);
    at.quality.title = `${quality.path === 'relay' ? 'Through a relay' : 'Directly'} over ${quality.transport.toUpperCase()}; loss ${(quality.lossRatio * 100).toFixed(1)} %, jitter ${quality.jitterMs} ms`;
  });
  next.on('limitReached', ({ outcome }) => {
    at.connection.textContent = outcome === 'end' ? '' : 'A limit of this call is reached.';
  });
  next.on('disconnected', (reason) => {
    call = undefined;
    at.remoteVideo.srcObject = null;
    at.ownVideo.srcObject = preview.stream ?? null;
    // A device that was changed during the call has taken the place of the preview's.
    if (preview.stream?.getTracks().some(({ readyState }) => readyState === 'ended'))
      preview.open().catch(complain);
    at.connection.textContent = '';
    if (!quietEndings.has(reason.code)) complain({ ...reason, message: reason.detail });
    if (callee === null && pb !== undefined) showWaiting('The call has ended');
    else showPreJoin('The call has ended');
  });
}

const quietEndings = new Set(['signaling.hung_up', 'signaling.cancelled']);

function drawRemote(shown: Call): void {
  const { audio, video, screen } = shown.remoteMedia;
  at.remote.dataset.screen = String(screen);
  const notes = [audio ? '' : 'Muted', video || screen ? '' : 'No picture'].filter((note) => note !== '');
  at.remoteNote.textContent = notes.join(' · ');
  at.remoteNote.hidden = notes.length === 0;
}

function isOff(kind: 'audio' | 'video'): boolean {
  return call === undefined ? preview.isOff(kind) : call.isMuted(kind);
}

function toggle(kind: 'audio' | 'video'): void {
  if (call === undefined) preview.toggle(kind);
  else if (call.isMuted(kind)) call.unmute(kind);
  else call.mute(kind);
  drawControls();
}

async function toggleScreen(): Promise<void> {
  try {
    if (call?.isSharingScreen) call.stopSharingScreen();
    else await call?.shareScreen();
  } catch {
    // The person closed the browser's own question: that is an answer.
  }
  drawControls();
}

function drawControls(): void {
  draw(at.mute, isOff('audio'), { icon: icons.microphone, pressed: icons.microphoneOff, name: 'Mute' });
  draw(at.cameraOff, isOff('video'), {
    icon: icons.camera,
    pressed: icons.cameraOff,
    name: 'Turn camera off',
  });
  const isSharing = call?.isSharingScreen === true;
  draw(at.screen, isSharing, { icon: icons.screen, pressed: icons.screen, name: 'Share screen' });
  draw(at.hangUp, false, { icon: icons.hangUp, pressed: icons.hangUp, name: 'Hang up' });
  at.own.dataset.screen = String(isSharing);
}

function draw(
  button: HTMLButtonElement,
  isPressed: boolean,
  look: { icon: string; pressed: string; name: string },
): void {
  button.innerHTML = isPressed ? look.pressed : look.icon;
  button.setAttribute('aria-label', look.name);
  if (button !== at.hangUp) button.setAttribute('aria-pressed', String(isPressed));
}

async function changeDevice(kind: 'audio' | 'video', select: HTMLSelectElement): Promise<void> {
  try {
    if (call === undefined) await preview.open();
    else await call.chooseDevice(kind, select.value);
  } catch (error) {
    complain(error);
  }
  drawControls();
}

at.start.onclick = () => {
  if (pass !== undefined && hasRunOut(pass, Date.now())) goOnWithoutPass();
  else void start();
};
at.mute.onclick = () => toggle('audio');
at.cameraOff.onclick = () => toggle('video');
at.screen.onclick = () => void toggleScreen();
at.hangUp.onclick = () => call?.hangUp();
at.microphone.onchange = () => void changeDevice('audio', at.microphone);
at.camera.onchange = () => void changeDevice('video', at.camera);
at.copy.onclick = async () => {
  await navigator.clipboard?.writeText(at.shareLink.value).catch(() => at.shareLink.select());
  at.copy.textContent = 'Copied';
  setTimeout(() => {
    at.copy.textContent = 'Copy';
  }, 2_000);
};
const shortcuts: Readonly<Record<string, () => void>> = {
  m: () => toggle('audio'),
  v: () => toggle('video'),
  s: () => void toggleScreen(),
};
document.onkeydown = (event) => {
  const isTyping = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
  if (!isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) shortcuts[event.key]?.();
};
navigator.mediaDevices?.addEventListener('devicechange', () => void listDevices());

// Another pass for the same page: only the part behind the `#` differs, and no browser loads anew for that.
window.onhashchange = () => location.reload();

async function begin(): Promise<void> {
  try {
    pass = takePass();
  } catch (error) {
    show('pre-join', 'This link is incomplete', '');
    at.start.hidden = true;
    throw error;
  }
  if (pass !== undefined) showPayer(pass);
  showPreJoin(callee === null ? 'Start a call' : 'You are invited');
  if (pass !== undefined && hasRunOut(pass, Date.now())) return;
  if (navigator.mediaDevices === undefined)
    throw new Error(
      'Open this page over https, or on localhost: browsers give the camera to secure pages only.',
    );
  await preview.open();
}

await begin().catch(complain);
drawControls();
