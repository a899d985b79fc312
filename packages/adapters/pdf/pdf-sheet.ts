import pdfmake from 'pdfmake';
import fonts from 'pdfmake/build/vfs_fonts.js';
import type { Column, Content, TableCell } from 'pdfmake/interfaces.js';

export interface SheetRow {
  readonly text: string;
  readonly note?: string;
  readonly quantity?: string;
  readonly price?: string;
  readonly amount: string;
}

/** What stands on paper, text by text. */
export interface Sheet {
  readonly title: string;
  readonly number: string;
  readonly facts: readonly (readonly [term: string, value: string])[];
  readonly parties: readonly { readonly role: string; readonly lines: readonly string[] }[];
  readonly amountHead: string;
  /** What stands above the two figures of a row. Default: Quantity and Price. */
  readonly figureHeads?: readonly [string, string];
  readonly rows: readonly SheetRow[];
  readonly sums: readonly { readonly text: string; readonly amount: string; readonly isTotal?: boolean }[];
  readonly notes: readonly string[];
  /** Across each page. */
  readonly stamp?: string;
}

export interface SheetLook {
  readonly name: string;
  readonly accent?: string;
  /** A PNG. */
  readonly logo?: { readonly bytes: Uint8Array; readonly widthPixels: number; readonly heightPixels: number };
}

const INK = '#1b2326';
const INK_SOFT = '#556066';
const LINE = '#dfe3e5';
const NEUTRAL_ACCENT = '#44546a';
const LOGO_HEIGHT_POINTS = 30;
const LOGO_WIDTH_POINTS_MAX = 180;
const MARGINS: [number, number, number, number] = [48, 44, 48, 60];
/** Of each party. What is left of a line, the facts have: however long a name is, they stay on the page. */
const PARTY_WIDTH_POINTS = 160;
/** A word that is longer is broken where its line ends: it would push what stands beside it off the page. */
const WORD_LENGTH_MAX = 24;
const PRICE_WIDTH_POINTS = 110;
/** So many sums stay on one page. */
const SUM_COUNT_TOGETHER_MAX = 20;

/** The package has it, and its types leave it out: where it looks for what it is given by name. */
const { virtualfs } = pdfmake as typeof pdfmake & {
  readonly virtualfs: { writeFileSync(name: string, content: Uint8Array): void };
};
const faces = { normal: 'Roboto-Regular.ttf', bold: 'Roboto-Medium.ttf' };
for (const name of Object.values(faces))
  virtualfs.writeFileSync(name, Buffer.from(fonts[name] ?? '', 'base64'));
pdfmake.setFonts({ Roboto: faces });
// Nothing that somebody wrote on a document fetches anything, or reads a file.
pdfmake.setUrlAccessPolicy(() => false);
pdfmake.setLocalAccessPolicy(() => false);

/** One sheet as a PDF. The same texts, look and time make the same bytes. */
export async function pdfOfSheet(
  sheet: Sheet,
  { look, atMs }: { readonly look: SheetLook; readonly atMs: number },
): Promise<Uint8Array> {
  const accent = look.accent ?? NEUTRAL_ACCENT;
  const at = new Date(atMs);
  return await pdfmake
    .createPdf({
      pageSize: 'A4',
      pageMargins: MARGINS,
      defaultStyle: { font: 'Roboto', fontSize: 9.5, lineHeight: 1.25, color: INK },
      info: {
        title: `${sheet.title} ${sheet.number}`,
        author: sheet.parties[0]?.lines[0] ?? look.name,
        creationDate: at,
        modDate: at,
      },
      footer: (page, pageCount) => footOf(sheet, look, pageCount === 1 ? '' : `${page} of ${pageCount}`),
      ...(sheet.stamp === undefined
        ? {}
        : { watermark: { text: sheet.stamp, color: INK_SOFT, opacity: 0.15, bold: true, angle: -35 } }),
      content: [
        headOf(look, accent),
        { text: sheet.title, fontSize: 18, bold: true, margin: [0, 22, 0, 14] },
        {
          columns: [
            ...sheet.parties.map(
              ({ role, lines: [name = '', ...lines] }): Column => ({
                stack: [
                  { text: role, color: INK_SOFT, fontSize: 8.5 },
                  { ...breaking(name), bold: true },
                  ...lines.map(breaking),
                ],
                width: PARTY_WIDTH_POINTS,
              }),
            ),
            {
              width: '*',
              table: {
                widths: ['auto', '*'],
                body: sheet.facts.map(([term, value]) => [
                  { text: term, color: INK_SOFT },
                  { ...breaking(value), alignment: 'right' as const },
                ]),
              },
              layout: 'noBorders',
            },
          ],
          columnGap: 24,
        },
        { ...linesOf(sheet, accent), margin: [0, 26, 0, 0] },
        { ...sumsOf(sheet, accent), margin: [0, 12, 0, 0] },
        ...sheet.notes.map((text): Content => ({ text, color: INK_SOFT, margin: [0, 16, 0, 0] })),
      ],
    })
    .getBuffer();
}

function headOf({ name, logo }: SheetLook, accent: string): Content {
  const rule: Content = {
    canvas: [{ type: 'line', x1: 0, y1: 8, x2: 499, y2: 8, lineWidth: 2, lineColor: accent }],
  };
  if (logo === undefined)
    return { stack: [{ ...breaking(name), fontSize: 13, bold: true, color: accent }, rule] };
  const width = (logo.widthPixels / logo.heightPixels) * LOGO_HEIGHT_POINTS;
  const image = `data:image/png;base64,${Buffer.from(logo.bytes).toString('base64')}`;
  return { stack: [{ image, fit: [Math.min(width, LOGO_WIDTH_POINTS_MAX), LOGO_HEIGHT_POINTS] }, rule] };
}

const footOf = ({ title, number }: Sheet, { name }: SheetLook, page: string): Content => ({
  margin: [48, 20, 48, 0],
  fontSize: 8,
  color: INK_SOFT,
  columns: [
    { ...breaking(`${name} · ${title} ${number}`), width: '*' },
    { text: page, width: 'auto', noWrap: true },
  ],
});

/** Its words as they are, but for those that fit nowhere. */
const breaking = (text: string) => ({
  text: text
    .split(/(\s+)/)
    .map((word) => (word.length > WORD_LENGTH_MAX ? { text: word, wordBreak: 'break-all' as const } : word)),
});

/** The head of the table stands on each page; no row is broken over two. */
function linesOf({ rows, amountHead, figureHeads = ['Quantity', 'Price'] }: Sheet, accent: string) {
  const hasFigures = rows.some(({ quantity }) => quantity !== undefined);
  const head = (text: string, isFigure = true): TableCell => ({
    text,
    fontSize: 8.5,
    color: INK_SOFT,
    alignment: isFigure ? 'right' : 'left',
  });
  const figure = (text = ''): TableCell => ({ text, alignment: 'right', noWrap: true });
  return {
    table: {
      headerRows: 1,
      dontBreakRows: true,
      widths: hasFigures ? ['*', 'auto', PRICE_WIDTH_POINTS, 'auto'] : ['*', 'auto'],
      body: [
        [head('', false), ...(hasFigures ? figureHeads.map((text) => head(text)) : []), head(amountHead)],
        ...rows.map(({ text, note, quantity, price, amount }): TableCell[] => [
          note === undefined
            ? breaking(text)
            : { stack: [breaking(text), { text: note, color: INK_SOFT, fontSize: 8 }] },
          ...(hasFigures ? [figure(quantity), { text: price ?? '', alignment: 'right' as const }] : []),
          figure(amount),
        ]),
      ],
    },
    layout: {
      hLineWidth: (line: number) => (line === 1 ? 1 : 0.5),
      vLineWidth: () => 0,
      hLineColor: (line: number) => (line === 1 ? accent : LINE),
      paddingLeft: (column: number) => (column === 0 ? 0 : 10),
      paddingRight: () => 0,
      paddingTop: () => 5,
      paddingBottom: () => 4,
    },
  };
}

function sumsOf({ sums }: Sheet, accent: string) {
  return {
    unbreakable: sums.length <= SUM_COUNT_TOGETHER_MAX,
    table: {
      widths: ['*', 'auto'],
      dontBreakRows: true,
      body: sums.map(({ text, amount, isTotal = false }): TableCell[] => {
        const look = isTotal ? { bold: true, fontSize: 12, color: accent } : {};
        return [
          { ...breaking(text), alignment: 'right', ...look },
          { text: amount, alignment: 'right', noWrap: true, ...look },
        ];
      }),
    },
    layout: { ...noLines, paddingLeft: () => 10, paddingRight: () => 0 },
  };
}

const noLines = { hLineWidth: () => 0, vLineWidth: () => 0 };
