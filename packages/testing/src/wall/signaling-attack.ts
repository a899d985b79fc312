/**
 * Attacks a call over the sockets of a signaling node: somebody of another account, with a credential that is good there
 * and every id of the call known, tries each frame that there is.
 */

import { randomBytes } from 'node:crypto';
import { bearerToken, narrow, parseBearerToken } from '@patchbay/protocol/credential/credential';
import type { clientChannelShapes } from '@patchbay/protocol/signaling/channel-messages';
import type { ClientMessage, ClientMessageOf } from '@patchbay/protocol/signaling/messages';
import type { clientPresenceShapes } from '@patchbay/protocol/signaling/presence-messages';
import { until } from '../until.ts';
import { SignalingPeer } from './signaling-peer.ts';

export interface AttackedCall {
  readonly accountId: string;
  /** Identities that are connected there. The attacker takes the same names in its own account. */
  readonly identities: readonly string[];
  /** A call that runs, and one that rings. */
  readonly sessionIds: readonly string[];
  readonly generation: number;
  readonly resumeTokens: readonly string[];
  /** Of its connections, legs and secrets: none may come back, but to a frame that brought it. */
  readonly marks: readonly string[];
}

export interface SignalingAttacker {
  readonly name: string;
  readonly signalUrl: string;
  readonly accountId: string;
  /** Below the victim: it may ring up there, as an answer to a call may come from there. */
  readonly isBelow: boolean;
  token(identity: string): Promise<string>;
}

const media = { audio: true, video: true, screen: true };
/**
 * Those of channels and of presence name no session, and a channel or an identity is of the account of whoever names it:
 * channels.test.ts and presences.test.ts have them.
 */
type OfAccount = keyof typeof clientChannelShapes | keyof typeof clientPresenceShapes;
type InSession = Exclude<ClientMessage['type'], 'authenticate' | 'renew' | 'ping' | 'call' | OfAccount>;

/** Every frame that names a session. One that is added to the protocol does not compile until it is here. */
const frames = ({
  generation,
}: AttackedCall): { [Type in InSession]: (id: string) => ClientMessageOf<Type> } => ({
  accept: (sessionId) => ({ type: 'accept', sessionId, media }),
  reject: (sessionId) => ({ type: 'reject', sessionId }),
  signal: (sessionId) => ({
    type: 'signal',
    sessionId,
    generation,
    data: { kind: 'description', type: 'offer', sdp: 'forged' },
  }),
  connected: (sessionId) => ({ type: 'connected', sessionId, generation, path: 'direct', transport: 'udp' }),
  quality: (sessionId) => ({
    type: 'quality',
    sessionId,
    generation,
    path: 'direct',
    rttMs: 1,
    lossRatio: 0,
    jitterMs: 1,
    sentBitsPerSecond: 9,
    receivedBitsPerSecond: 9,
    bytesSent: 9,
    bytesReceived: 9,
  }),
  media: (sessionId) => ({ type: 'media', sessionId, audio: false, video: false, screen: true }),
  relayNeeded: (sessionId) => ({ type: 'relayNeeded', sessionId, generation }),
  hangup: (sessionId) => ({ type: 'hangup', sessionId }),
});

/** Returns what got through to the attacker. What got through to the victim, its own clients tell. */
export async function attackSignaling(
  attacker: SignalingAttacker,
  call: AttackedCall,
): Promise<readonly string[]> {
  const found = [
    ...(await forgeFrames(attacker, call)),
    ...(await ringUp(attacker, call)),
    ...(await takeUp(attacker, call)),
    ...(await passForVictim(attacker, call)),
  ];
  return found.map((what) => `${attacker.name} ${what}`);
}

async function forgeFrames(attacker: SignalingAttacker, call: AttackedCall): Promise<string[]> {
  const found: string[] = [];
  const forgeAs = async (identity: string) => {
    const peer = await SignalingPeer.open(attacker.signalUrl, await attacker.token(identity));
    for (const sessionId of call.sessionIds) {
      for (const [type, forge] of Object.entries(frames(call))) {
        const before = peer.heard().length;
        await peer.settle(forge(sessionId));
        const answers = peer.heard().slice(before);
        const isRefused = answers.every((answer) => answer.type === 'error');
        if (!isRefused) found.push(`as ${identity}: ${type} is answered by ${JSON.stringify(answers)}`);
      }
    }
    found.push(...told(peer, call));
    peer.close();
  };
  await Promise.all(call.identities.map(forgeAs));
  return found;
}

/** Identities of the same name are two; and whether one is connected elsewhere is not to be learnt. */
async function ringUp(attacker: SignalingAttacker, call: AttackedCall): Promise<string[]> {
  const found: string[] = [];
  const [first = '', second = ''] = call.identities;
  const peer = await SignalingPeer.open(attacker.signalUrl, await attacker.token(first));
  const answerTo = async (to: string) => {
    const before = peer.heard().length;
    await peer.settle({ type: 'call', requestId: `r${before}`, to, media });
    // Where an account near by has application logic, it is asked about first.
    await until(() => peer.heard().length > before, { what: `an answer to a call of ${to}` });
    const { requestId: _own, ...answer } = JSON.parse(JSON.stringify(peer.heard()[before] ?? {}));
    return JSON.stringify({ ...answer, sequence: 0 });
  };
  // Nobody of that name is connected at home: the victim's is not it.
  const atHome = await answerTo(`user:${second}`);
  if (!atHome.includes('signaling.endpoint_unavailable')) found.push(`calls ${second} at home: ${atHome}`);
  if (!attacker.isBelow) {
    const absent = await answerTo(`user:nobody@${call.accountId}`);
    if (!absent.includes('signaling.other_account')) found.push(`calls nobody: ${absent}`);
    for (const identity of call.identities) {
      const answer = await answerTo(`user:${identity}@${call.accountId}`);
      if (answer !== absent) found.push(`learns of ${identity}: ${answer}`);
    }
  }
  found.push(...told(peer, call));
  peer.close();
  return found;
}

/** Resumption tokens of the victim, shown with a credential of the attacker's own. */
async function takeUp(attacker: SignalingAttacker, call: AttackedCall): Promise<string[]> {
  const found: string[] = [];
  for (const [index, resumeToken] of call.resumeTokens.entries()) {
    const identity = call.identities[index % call.identities.length] ?? '';
    const resume = { resumeToken, lastSequence: 0 };
    const peer = await SignalingPeer.open(attacker.signalUrl, await attacker.token(identity), resume);
    await peer.settle();
    const welcome = peer.frames.find((frame) => frame.type === 'authenticated');
    if (welcome?.resumed !== false || welcome.sessions.length > 0 || welcome.accountId !== attacker.accountId)
      found.push(`takes up ${identity}: ${JSON.stringify(welcome)}`);
    if (peer.heard().length > 1) found.push(`is sent what was kept for ${identity}`);
    found.push(...told(peer, call));
    peer.close();
  }
  return found;
}

/** A credential of the attacker's own key, bound to the victim's account: no key reaches up or sideways. */
async function passForVictim(attacker: SignalingAttacker, call: AttackedCall): Promise<string[]> {
  const own = parseBearerToken(await attacker.token(call.identities[0] ?? ''));
  if ('type' in own) throw new Error(`The attacker's own token does not parse: ${own.detail}`);
  const caveats = [{ type: 'account', accountId: call.accountId }] as const;
  const forged = narrow({ credential: own, caveats, random: randomBytes(8) });
  const peer = await SignalingPeer.open(attacker.signalUrl, bearerToken(forged));
  const isWelcome = peer.frames.some(({ type }) => type === 'authenticated');
  peer.close();
  return isWelcome ? ['passes for the victim'] : [];
}

function told(peer: SignalingPeer, { marks, resumeTokens }: AttackedCall): string[] {
  const heard = JSON.stringify(peer.frames);
  return [...marks, ...resumeTokens].filter((mark) => heard.includes(mark)).map((mark) => `hears ${mark}`);
}
