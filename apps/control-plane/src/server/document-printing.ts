import { pdfOfSheet, type SheetLook } from '@patchbay/adapters/pdf/pdf-sheet';
import type { ShownBrands } from '@patchbay/adapters/prisma/brand-store';
import type { DocumentPrinting, PrintedSeller } from '@patchbay/domain/billing/documents/printing';
import { periodOf } from '@patchbay/domain/billing/period';
import { logoFor, logoPath, type ShownBrand, shownBrandOf } from '@patchbay/domain/branding/brand';
import { printedDocument } from '../features/documents/printed-document.ts';
import { printedTax } from '../features/payouts/printed-tax.ts';

type PaperBrand = Pick<ShownBrand, 'name' | 'logos' | 'tones'>;

/** Documents in the look of their seller, on the page and as PDF: both say what `printedDocument` does. */
export function documentPrinting(brands: Pick<ShownBrands, 'of' | 'above' | 'logo'>): DocumentPrinting {
  const brandOf = async ({ accountId, legalName }: PrintedSeller): Promise<PaperBrand> => {
    const own = await brands.of(accountId);
    const brand = shownBrandOf(own ?? (await brands.above(accountId)));
    // Who said no name stands on documents under that of the brand above, and so in its look.
    return own === undefined && legalName !== brand.name ? { name: legalName, logos: {} } : brand;
  };
  return {
    async lookOf(seller) {
      const brand = await brandOf(seller);
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
    async pdfOfCollected(month, seller) {
      const brand = await brandOf(seller);
      const logo = await logoOf(seller);
      const look = {
        name: brand.name,
        ...(brand.tones === undefined ? {} : { accent: brand.tones.light.accent }),
        ...(logo === undefined ? {} : { logo }),
      };
      return await pdfOfSheet(printedTax(month), { look, atMs: periodOf(month.period).toMs });
    },
    async pdfOf(document, sellerId) {
      const { name, accent } = document.look;
      const logo = await logoOf({ accountId: sellerId, legalName: document.seller.legalName });
      const look = {
        name,
        ...(accent === undefined ? {} : { accent }),
        ...(logo === undefined ? {} : { logo }),
      };
      return await pdfOfSheet(printedDocument(document), { look, atMs: Date.parse(document.issuedAt) });
    },
  };

  /** A PDF takes no WebP: of such a seller its name stands there. */
  async function logoOf(seller: PrintedSeller): Promise<SheetLook['logo']> {
    const logo = logoFor(await brandOf(seller), 'light');
    if (logo?.mediaType !== 'image/png') return undefined;
    const { widthPixels, heightPixels } = logo;
    const found = await brands.logo(logo.digest);
    return found === undefined ? undefined : { bytes: found.bytes, widthPixels, heightPixels };
  }
}
