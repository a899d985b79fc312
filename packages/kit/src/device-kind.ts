/** Kinds of device that a client runs on, in the order of their bits in a credential. `other`: nothing says which. */
export const deviceKinds = ['desktop', 'mobile', 'tablet', 'server', 'other'] as const;
export type DeviceKind = (typeof deviceKinds)[number];

/** What a client brings with it. All of it is its own word. */
export interface DeviceClaim {
  /** The header of its request (RFC 9110 §10.1.5). */
  readonly userAgent?: string | undefined;
  /** The header Sec-CH-UA-Mobile: `?1` or `?0`. */
  readonly mobileHint?: string | undefined;
  /** What the SDK says that it runs on. */
  readonly said?: string | undefined;
}

/**
 * The kind of device by what its client brings. A page cannot change the headers of its browser, so they come first; what
 * the SDK says counts where they tell nothing, and where a tablet passes for a desktop, as an iPad's browser does.
 */
export function deviceKindOf({ userAgent = '', mobileHint, said }: DeviceClaim): DeviceKind {
  const saidKind = deviceKinds.find((kind) => kind === said);
  const shown = shownKindOf(userAgent, mobileHint);
  if (shown === 'desktop' && saidKind === 'tablet' && /\bMacintosh\b/.test(userAgent)) return 'tablet';
  return shown ?? saidKind ?? 'other';
}

function shownKindOf(userAgent: string, mobileHint: string | undefined): DeviceKind | undefined {
  if (mobileHint === '?1') return 'mobile';
  if (/\biPad\b|\bTablet\b/.test(userAgent)) return 'tablet';
  // Android's tablets leave out the word.
  if (/\bAndroid\b/.test(userAgent)) return /\bMobile\b/.test(userAgent) ? 'mobile' : 'tablet';
  if (/\biPhone\b|\biPod\b|\bMobile\b/.test(userAgent)) return 'mobile';
  return /\bMacintosh\b|\bWindows NT\b|\bX11\b|\bCrOS\b/.test(userAgent) ? 'desktop' : undefined;
}
