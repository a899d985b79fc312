import { PatchbayError } from '@patchbay/sdk';

/** What is used of @roamhq/wrtc, an optional peer: only who calls needs its 26 MB. */
export interface Wrtc {
  readonly RTCPeerConnection: typeof RTCPeerConnection;
  readonly MediaStream: typeof MediaStream;
}

/** Loads it when the first phone connects. */
export async function loadWrtc(): Promise<Wrtc> {
  try {
    const module: { readonly default: unknown } = await import('@roamhq/wrtc');
    return module.default as Wrtc;
  } catch (cause) {
    const message = 'Calls from a server need WebRTC: npm install @roamhq/wrtc.';
    throw new PatchbayError({ code: 'client.not_configured', message }, { cause });
  }
}
