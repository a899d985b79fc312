/** W3C SSML 1.1 §3.1.8 leaves open what say-as means: these are the meanings of the note that it refers to. */
export const interpretations = [
  'characters',
  'spell-out',
  'digits',
  'telephone',
  'cardinal',
  'number',
  'ordinal',
  'date',
] as const;
export type Interpretation = (typeof interpretations)[number];

export const isInterpretation = (name: string): name is Interpretation =>
  interpretations.some((each) => each === name);

const small = [
  ...['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven'],
  ...['twelve', 'thirteen', 'fourteen', 'fifteen', 'sixteen', 'seventeen', 'eighteen', 'nineteen'],
];
const tens = ['', '', 'twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety'];
const groups = ['', ' thousand', ' million', ' billion', ' trillion'];
const irregular: Readonly<Record<string, string>> = {
  one: 'first',
  two: 'second',
  three: 'third',
  five: 'fifth',
  eight: 'eighth',
  nine: 'ninth',
  twelve: 'twelfth',
};
const months = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October'],
  ...['November', 'December'],
];
/** A number with more digits is said digit by digit. */
const DIGITS_MAX = 15;

function belowThousand(value: number): string {
  if (value < 20) return small[value] ?? '';
  if (value < 100) return `${tens[Math.floor(value / 10)]}${value % 10 === 0 ? '' : ` ${small[value % 10]}`}`;
  const rest = value % 100;
  return `${small[Math.floor(value / 100)]} hundred${rest === 0 ? '' : ` ${belowThousand(rest)}`}`;
}

/** A whole number of at most 15 digits in English words. */
export function cardinalWords(digits: string): string {
  const parts: string[] = [];
  let left = digits.replace(/^0+(?=\d)/, '');
  for (let group = 0; left !== ''; group++) {
    const value = Number(left.slice(-3));
    if (value > 0) parts.unshift(`${belowThousand(value)}${groups[group]}`);
    left = left.slice(0, -3);
  }
  return parts.length === 0 ? 'zero' : parts.join(' ');
}

export function ordinalWords(digits: string): string {
  const cardinal = cardinalWords(digits);
  const [, head = '', last = ''] = /^(.*?)(\w+)$/.exec(cardinal) ?? [];
  return `${head}${irregular[last] ?? (last.endsWith('y') ? `${last.slice(0, -1)}ieth` : `${last}th`)}`;
}

const digitWords = (text: string): string =>
  [...text].flatMap((character) => (/\d/.test(character) ? [small[Number(character)]] : [])).join(' ');

/** As people say years: nineteen ninety nine, two thousand seven. */
function yearWords(year: number): string {
  const century = Math.floor(year / 100);
  const rest = year % 100;
  if (year < 1_000 || year > 2_999 || year % 1_000 < 10) return cardinalWords(String(year));
  if (rest === 0) return `${belowThousand(century)} hundred`;
  return `${belowThousand(century)} ${rest < 10 ? 'oh ' : ''}${belowThousand(rest)}`;
}

const orders = ['mdy', 'dmy', 'ymd', 'ydm', 'md', 'dm', 'my', 'ym', 'd', 'm', 'y'];

function dateWords(text: string, format = 'ymd'): string | undefined {
  const parts = text.trim().split(/[-/. ]+/);
  if (!orders.includes(format) || parts.length !== format.length) return undefined;
  const said: Record<string, number> = {};
  for (const [place, part] of parts.entries()) {
    if (!/^\d{1,4}$/.test(part)) return undefined;
    said[format.charAt(place)] = Number(part);
  }
  const { d, m, y } = said;
  if ((d !== undefined && (d < 1 || d > 31)) || (m !== undefined && (m < 1 || m > 12))) return undefined;
  return [
    ...(m === undefined ? [] : [months[m - 1]]),
    ...(d === undefined ? [] : [ordinalWords(String(d))]),
    ...(y === undefined ? [] : [yearWords(y)]),
  ].join(' ');
}

/**
 * A text as it is to be said, in English words. Undefined: it is not of the kind that it is said to be.
 * @param format of a date: in which order its parts stand, as in `mdy`. Default: `ymd`.
 */
export function sayAs(text: string, as: Interpretation, format?: string): string | undefined {
  const said = text.trim();
  switch (as) {
    case 'characters':
    case 'spell-out':
      return [...said.replace(/\s+/g, '')]
        .map((character) => (/\d/.test(character) ? small[Number(character)] : character))
        .join(', ');
    case 'digits':
      return /^[\d\s]+$/.test(said) ? digitWords(said) : undefined;
    case 'telephone':
      return /^\+?[\d\s()./-]+$/.test(said)
        ? said
            .split(/[\s()./-]+/)
            .filter((group) => /\d/.test(group))
            .map((group) => `${group.startsWith('+') ? 'plus ' : ''}${digitWords(group)}`)
            .join(', ')
        : undefined;
    case 'cardinal':
    case 'number':
      return numberWords(said, cardinalWords);
    case 'ordinal':
      return numberWords(said, ordinalWords);
    case 'date':
      return dateWords(said, format);
  }
}

function numberWords(text: string, inWords: (digits: string) => string): string | undefined {
  const [, sign = '', digits = ''] = /^([+-]?)(\d{1,3}(?:,\d{3})+|\d+)$/.exec(text) ?? [];
  const plain = digits.replaceAll(',', '');
  if (plain === '') return undefined;
  const said = plain.length > DIGITS_MAX ? digitWords(plain) : inWords(plain);
  return sign === '-' ? `minus ${said}` : said;
}
