import { parseCidr } from '@patchbay/kit/cidr';

export interface Entry {
  readonly network: string;
  readonly label: string;
}

/** A list as it is typed: an address or a network in each line, and behind it what it is called. */
export const toText = (entries: readonly Entry[]): string =>
  entries.map(({ network, label }) => [network, label].filter(Boolean).join(' ')).join('\n');

/** What a list in lines says, or the first line that does not begin with an address or a network. */
export function readText(text: string): { readonly entries: readonly Entry[] } | { readonly wrong: string } {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const entries = lines.map((line) => {
    const [network = '', ...label] = line.split(/[\s,;]+/);
    return { network, label: label.join(' ') };
  });
  const wrong = entries.find(({ network }) => parseCidr(network) === undefined);
  return wrong === undefined ? { entries } : { wrong: wrong.network };
}
