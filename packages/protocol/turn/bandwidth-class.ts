/** The classes of network discovery (NDS), the narrowest first, in the order of their numbers in a credential. */
export const bandwidthClasses = ['audio', 'low-video', 'high-video'] as const;
export type BandwidthClass = (typeof bandwidthClasses)[number];

/** What one allocation of a class may pass, payload both ways together; the burst is half a second of it. */
export const bandwidthClassRates: Readonly<
  Record<BandwidthClass, { readonly bitsPerSecond: number; readonly burstBytes: number }>
> = {
  // Enough for speech both ways with its headers, and too little for pictures.
  audio: { bitsPerSecond: 128_000, burstBytes: 8_000 },
  'low-video': { bitsPerSecond: 2_000_000, burstBytes: 125_000 },
  'high-video': { bitsPerSecond: 12_000_000, burstBytes: 750_000 },
};

/** Who holds a credential may narrow its class, and not widen it. */
export const narrowerClass = (left: BandwidthClass, right: BandwidthClass): BandwidthClass =>
  bandwidthClasses.indexOf(left) < bandwidthClasses.indexOf(right) ? left : right;
