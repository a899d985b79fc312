/**
 * The tones of one accent in both themes, such that text is readable whatever colour was chosen (WCAG 2.2, success
 * criterion 1.4.3). Hue and, as far as a screen shows it, chroma stay; lightness gives way.
 */

/** As `#rrggbb`: mail programs know no other way. */
export type HexColour = `#${string}`;

export interface ToneSet {
  readonly accent: HexColour;
  /** Where the pointer rests. */
  readonly accentStrong: HexColour;
  /** What is written on either. */
  readonly accentInk: HexColour;
}

export interface AccentTones {
  readonly light: ToneSet;
  readonly dark: ToneSet;
}

export const CONTRAST_MIN = 4.5;
const STEP = 0.005;
/** Of how much the tone under the pointer differs. */
const STRONGER_BY = 0.065;
/** A ground less favourable than any of tokens.css: none there is darker in light, and none lighter in dark. */
const groundLightness = { light: 0.955, dark: 0.253 } as const;

interface Oklch {
  readonly lightness: number;
  readonly chroma: number;
  readonly hueRadians: number;
}

type Triple = readonly [number, number, number];

export function accentTones(hex: HexColour): AccentTones {
  const chosen = toOklch(hex);
  return { light: lightTones(chosen), dark: darkTones(chosen) };
}

function lightTones(chosen: Oklch): ToneSet {
  const ground = greyOf(groundLightness.light);
  let { lightness } = chosen;
  while (lightness > 0 && contrastOf(toHex({ ...chosen, lightness }), ground) < CONTRAST_MIN)
    lightness -= STEP;
  const kept = Math.max(0, lightness);
  // What is nearly black already cannot get darker to be told apart.
  const strong = kept > 2 * STRONGER_BY ? kept - STRONGER_BY : kept + 2 * STRONGER_BY;
  return tonesOf(chosen, { kept, strong, ink: '#ffffff' });
}

function darkTones(chosen: Oklch): ToneSet {
  const ground = greyOf(groundLightness.dark);
  let { lightness } = chosen;
  while (lightness < 1 && contrastOf(toHex({ ...chosen, lightness }), ground) < CONTRAST_MIN)
    lightness += STEP;
  const kept = Math.min(1, lightness);
  const strong = kept < 1 - STRONGER_BY ? kept + STRONGER_BY : kept - STRONGER_BY;
  const ink = toHex({ ...chosen, lightness: 0.2, chroma: Math.min(chosen.chroma, 0.03) });
  return tonesOf(chosen, { kept, strong, ink });
}

const tonesOf = (
  chosen: Oklch,
  { kept, strong, ink }: { readonly kept: number; readonly strong: number; readonly ink: HexColour },
): ToneSet => ({
  accent: toHex({ ...chosen, lightness: kept }),
  accentStrong: toHex({ ...chosen, lightness: strong }),
  accentInk: ink,
});

/** The ratio of WCAG 2.2: from 1, which is none, to 21. */
export function contrastOf(one: HexColour, other: HexColour): number {
  const [lighter = 0, darker = 0] = [luminanceOf(one), luminanceOf(other)].sort((a, b) => b - a);
  return (lighter + 0.05) / (darker + 0.05);
}

const luminanceOf = (hex: HexColour): number => {
  const [red, green, blue] = toLinear(hex);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};

const greyOf = (lightness: number): HexColour => toHex({ lightness, chroma: 0, hueRadians: 0 });

const channelOf = (hex: string, index: number): number =>
  Number.parseInt(hex.slice(1 + 2 * index, 3 + 2 * index), 16) / 255;

/** CSS Color 4 §18: from sRGB with its transfer function to linear light. */
const toLinear = (hex: string): Triple => {
  const [red = 0, green = 0, blue = 0] = [0, 1, 2].map((index) => {
    const value = channelOf(hex, index);
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return [red, green, blue];
};

function toOklch(hex: HexColour): Oklch {
  const [red, green, blue] = toLinear(hex);
  const l = Math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue);
  const m = Math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue);
  const s = Math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue);
  const a = 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s;
  const b = 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s;
  return {
    lightness: 0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    chroma: Math.hypot(a, b),
    hueRadians: Math.atan2(b, a),
  };
}

function linearOf({ lightness, chroma, hueRadians }: Oklch): Triple {
  const a = chroma * Math.cos(hueRadians);
  const b = chroma * Math.sin(hueRadians);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}

const isShown = (linear: Triple): boolean => linear.every((value) => value >= -1e-4 && value <= 1 + 1e-4);

/** As much of the chroma as a screen shows at this lightness. */
export function toHex(colour: Oklch): HexColour {
  let { chroma } = colour;
  while (chroma > 0 && !isShown(linearOf({ ...colour, chroma }))) chroma -= STEP / 2;
  const channels = linearOf({ ...colour, chroma: Math.max(0, chroma) }).map((linear) => {
    const value = Math.min(1, Math.max(0, linear));
    const encoded = value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055;
    return Math.round(encoded * 255)
      .toString(16)
      .padStart(2, '0');
  });
  return `#${channels.join('')}`;
}
