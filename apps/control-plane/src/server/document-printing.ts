import { pdfOfSheet, type SheetLook } from '@patchbay/adapters/pdf/pdf-sheet';
import type { ShownBrands } from '@patchbay/adapters/prisma/brand-store';
import type { DocumentPrinting } from '@patchbay/domain/billing/documents/printing';
import { logoFor, logoPath, shownBrandOf } from '@patchbay/domain/branding/brand';
import { printedDocument } from '../features/documents/printed-document.ts';

/** Documents in the look of their seller, on the page and as PDF: both say what `printedDocument` does. */
export function documentPrinting(brands: Pick<ShownBrands, 'of' | 'above' | 'logo'>): DocumentPrinting {
  const brandOf = async (sellerId: string) =>
    shownBrandOf((await brands.of(sellerId)) ?? (await brands.above(sellerId)));
  return {
    async lookOf(sellerId) {
      const brand = await brandOf(sellerId);
      const logo = logoFor(brand, 'light');
      return {
        name: brand.name,
        ...(brand.tones === undefined ? {} : { accent: brand.tones.light.accent }),
        ...(logo === undefined
          ? {}
          : {
              logo: {
                path: logoPath(logo.digest),
                widthPixels: logo.widthPixels,
                heightPixels: logo.heightPixels,
              },
            }),
      };
    },
    async pdfOf(document, sellerId) {
      const { name, accent } = document.look;
      const logo = await logoOf(sellerId);
      const look = {
        name,
        ...(accent === undefined ? {} : { accent }),
        ...(logo === undefined ? {} : { logo }),
      };
      return await pdfOfSheet(printedDocument(document), { look, atMs: Date.parse(document.issuedAt) });
    },
  };

  /** A PDF takes no WebP: of such a seller its name stands there. */
  async function logoOf(sellerId: string): Promise<SheetLook['logo']> {
    const logo = logoFor(await brandOf(sellerId), 'light');
    if (logo?.mediaType !== 'image/png') return undefined;
    const { widthPixels, heightPixels } = logo;
    const found = await brands.logo(logo.digest);
    return found === undefined ? undefined : { bytes: found.bytes, widthPixels, heightPixels };
  }
}
