const browsers = ['Edg', 'OPR', 'Firefox', 'Chrome', 'Safari'] as const;
const systems = ['Android', 'iPhone', 'iPad', 'Windows', 'Mac OS X', 'CrOS', 'Linux'] as const;
const names: Readonly<Record<string, string>> = {
  Edg: 'Edge',
  OPR: 'Opera',
  'Mac OS X': 'macOS',
  CrOS: 'ChromeOS',
};

/** A browser and a system, as far as they say what they are. The first match counts: most call themselves Safari as well. */
export function deviceOf(userAgent = ''): string {
  const found = [browsers, systems].map((known) => known.find((each) => userAgent.includes(each)));
  const [browser, system] = found.map((each) => each && (names[each] ?? each));
  if (browser !== undefined && system !== undefined) return `${browser} on ${system}`;
  return browser ?? system ?? 'Another program';
}
