import type { SignalConnection } from './signal-connection.ts';

export interface Check {
  readonly name: 'secure-page' | 'signaling' | 'direct-udp' | 'relay-udp' | 'relay-tcp';
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly tookMs: number;
  /** A sentence for a person: what is so, and what can be done. */
  readonly detail: string;
}

export interface Diagnosis {
  /** A call is possible. Some checks may have failed all the same. */
  readonly isCallPossible: boolean;
  readonly checks: readonly Check[];
}

const gatherTimeoutMs = 5_000;

/** Tries what a call needs: a secure page, signaling, an address of its own, a relay over UDP and over TCP. */
export async function diagnose(connection: SignalConnection): Promise<Diagnosis> {
  const page: Check = {
    name: 'secure-page',
    outcome: globalThis.isSecureContext ? 'passed' : 'failed',
    tookMs: 0,
    detail: globalThis.isSecureContext
      ? 'The page may use camera and microphone.'
      : 'Serve the page over https: browsers give camera and microphone to secure pages only.',
  };
  const signaling = await checkSignaling(connection);
  const media = await Promise.all([
    checkCandidate(connection, { name: 'direct-udp', type: 'srflx', protocol: 'udp' }),
    checkCandidate(connection, { name: 'relay-udp', type: 'relay', protocol: 'udp' }),
    checkCandidate(connection, { name: 'relay-tcp', type: 'relay', protocol: 'tcp' }),
  ]);
  const isMediaPossible = media.some(({ outcome }) => outcome === 'passed');
  const isCallPossible = page.outcome === 'passed' && signaling.outcome === 'passed' && isMediaPossible;
  return { isCallPossible, checks: [page, signaling, ...media] };
}

async function checkSignaling(connection: SignalConnection): Promise<Check> {
  const beganAtMs = performance.now();
  try {
    await connection.ready();
    return {
      name: 'signaling',
      outcome: 'passed',
      tookMs: since(beganAtMs),
      detail: 'Signaling is connected.',
    };
  } catch (error) {
    const detail = error instanceof Error ? error.message : 'Signaling is out of reach.';
    return { name: 'signaling', outcome: 'failed', tookMs: since(beganAtMs), detail };
  }
}

interface Wanted {
  readonly name: 'direct-udp' | 'relay-udp' | 'relay-tcp';
  readonly type: 'srflx' | 'relay';
  readonly protocol: 'udp' | 'tcp';
}

async function checkCandidate(connection: SignalConnection, wanted: Wanted): Promise<Check> {
  const { name } = wanted;
  const iceServers = iceServersFor(connection, wanted);
  if (iceServers.length === 0) {
    return { name, outcome: 'skipped', tookMs: 0, detail: 'The platform offers no relay for this.' };
  }
  const beganAtMs = performance.now();
  const found = await gathers(iceServers, wanted);
  const advice =
    wanted.type === 'srflx'
      ? 'No way out over UDP: calls will need a relay.'
      : 'The network blocks this relay.';
  return {
    name,
    outcome: found === 'nothing' ? 'failed' : 'passed',
    tookMs: since(beganAtMs),
    detail: found === 'nothing' ? advice : found === 'refusal' ? refusalDetail : 'Reached.',
  };
}

function iceServersFor(connection: SignalConnection, { type, protocol }: Wanted): RTCIceServer[] {
  const urls = (connection.welcome?.relayUrls ?? []).filter((url) =>
    protocol === 'tcp' ? /transport=tcp|^turns:/.test(url) : !/transport=tcp|^turns:/.test(url),
  );
  if (urls.length === 0) return [];
  if (type === 'srflx') return [{ urls: urls.map((url) => url.replace(/^turn:([^?]+).*$/, 'stun:$1')) }];
  const [username = '', credential = ''] = (connection.token?.token ?? '').split('.');
  return [{ urls: [...urls], username, credential }];
}

/** A relay that says no was reached: the network is not in the way. A token with one use is used by its calls alone. */
const refusalDetail = 'Reached. The relay gives nothing for this token outside of a call.';
/** Above the error codes of STUN are those of the browser's own, such as 701: no answer (W3C webrtc-pc §4.8.2). */
const stunErrorCodeMax = 699;

async function gathers(
  iceServers: RTCIceServer[],
  { type }: Wanted,
): Promise<'candidate' | 'refusal' | 'nothing'> {
  const peer = new RTCPeerConnection({ iceServers, iceTransportPolicy: type === 'relay' ? 'relay' : 'all' });
  try {
    return await new Promise((resolve, reject) => {
      setTimeout(() => resolve('nothing'), gatherTimeoutMs);
      peer.onicecandidateerror = ({ errorCode }) => {
        if (type === 'relay' && errorCode <= stunErrorCodeMax) resolve('refusal');
      };
      peer.onicecandidate = ({ candidate }) => {
        // A host with a public address, or a STUN server on the same machine, gives no other candidate than `host`.
        const isFound = candidate?.type === type || (type === 'srflx' && candidate?.type === 'host');
        if (isFound) resolve('candidate');
        else if (candidate === null) resolve('nothing');
      };
      peer.createDataChannel('check');
      peer
        .createOffer()
        .then((offer) => peer.setLocalDescription(offer))
        .catch(reject);
    });
  } finally {
    peer.close();
  }
}

function since(beganAtMs: number): number {
  return Math.round(performance.now() - beganAtMs);
}
