/** Between the marks of a value axis and what is drawn, and before them. */
const AXIS_SPACE_PIXELS = 12;

/**
 * How wide a value axis is: as wide as it is asked to be, and wider where one of its marks would be cut off.
 * @param least what charts that stand above each other agree on, in pixels.
 * @param widthOf of a text, in pixels.
 */
export const axisWidth = (
  marks: readonly string[],
  { least, widthOf }: { readonly least: number; readonly widthOf: (text: string) => number },
): number => Math.ceil(Math.max(least, ...marks.map((text) => widthOf(text) + AXIS_SPACE_PIXELS)));
