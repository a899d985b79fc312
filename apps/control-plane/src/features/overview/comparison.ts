/** 'up 12 % on yesterday by now', from exact quantities; undefined where there is nothing to compare with. */
export function compareWithYesterday(today: bigint, yesterday: bigint): string {
  if (yesterday === 0n) return today === 0n ? 'none yesterday either' : 'none by this time yesterday';
  const percent = Number(((today - yesterday) * 1_000n) / yesterday) / 10;
  if (Math.abs(percent) < 1) return 'as much as yesterday by now';
  return `${percent > 0 ? 'up' : 'down'} ${Math.abs(percent).toFixed(0)} % on yesterday by now`;
}

/** What a period comes to if it goes on as it has gone so far. */
export function forecast(
  soFar: bigint,
  period: { readonly fromMs: number; readonly toMs: number },
  nowMs: number,
): bigint {
  const elapsedMs = BigInt(Math.max(1, nowMs - period.fromMs));
  return (soFar * BigInt(period.toMs - period.fromMs)) / elapsedMs;
}
