/** What of a browser tells a tablet from a desktop. */
interface Shown {
  readonly userAgent: string;
  readonly maxTouchPoints: number;
}

/**
 * What the browser itself does not say: an iPad's passes for that of a Macintosh, which has no screen to touch. Everything
 * else the platform reads in what the browser shows of itself.
 */
export function deviceSaid({ userAgent, maxTouchPoints }: Shown): string | undefined {
  return /\bMacintosh\b/.test(userAgent) && maxTouchPoints > 1 ? 'tablet' : undefined;
}
