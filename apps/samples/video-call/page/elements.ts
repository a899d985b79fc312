function byId<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`The page has no ${id}.`);
  return element;
}

function bySelector<Kind extends HTMLElement>(selector: string, kind: new () => Kind): Kind {
  const element = document.querySelector(selector);
  if (!(element instanceof kind)) throw new Error(`The page has no ${selector}.`);
  return element;
}

/** The parts of the page that change. */
export const elements = {
  quality: byId('quality', HTMLOutputElement),
  payer: byId('payer', HTMLElement),
  connection: byId('connection', HTMLElement),
  remote: bySelector('.remote', HTMLElement),
  remoteVideo: bySelector('video[data-remote]', HTMLVideoElement),
  remoteName: byId('remote-name', HTMLElement),
  remoteNote: byId('remote-note', HTMLElement),
  own: bySelector('.own', HTMLElement),
  ownVideo: bySelector('video[data-own]', HTMLVideoElement),
  headline: byId('headline', HTMLElement),
  explanation: byId('explanation', HTMLElement),
  share: byId('share', HTMLElement),
  shareLink: byId('share-link', HTMLInputElement),
  copy: byId('copy', HTMLButtonElement),
  problem: byId('problem', HTMLElement),
  start: byId('start', HTMLButtonElement),
  devices: byId('devices', HTMLElement),
  microphone: byId('microphone', HTMLSelectElement),
  camera: byId('camera', HTMLSelectElement),
  mute: byId('mute', HTMLButtonElement),
  cameraOff: byId('camera-off', HTMLButtonElement),
  screen: byId('screen', HTMLButtonElement),
  hangUp: byId('hang-up', HTMLButtonElement),
};

const frame = (paths: string) =>
  `<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${paths}</svg>`;
const microphone = '<rect x="9" y="3" width="6" height="11" rx="3"/><path d="M5 11a7 7 0 0 0 14 0M12 18v3"/>';
const camera = '<rect x="3" y="6" width="12" height="12" rx="2"/><path d="m15 11 6-4v10l-6-4"/>';
const slash = '<path d="M4 4l16 16"/>';

export const icons = {
  microphone: frame(microphone),
  microphoneOff: frame(microphone + slash),
  camera: frame(camera),
  cameraOff: frame(camera + slash),
  screen: frame('<rect x="3" y="4" width="18" height="12" rx="2"/><path d="M8 20h8M12 13V8m-3 2 3-3 3 3"/>'),
  hangUp: frame(
    '<path d="M3 14c5-5 13-5 18 0l-2.500 2.500-3.500-2v-2.500a12 12 0 0 0-6 0v2.500l-3.500 2z"/>',
  ),
};
