import { linksOf } from '@patchbay/kit/signed-link';

/** How long a link to an export works (C52). */
export const EXPORT_LINK_LIFETIME_MS = 10 * 60_000;
/** How long an export is kept. */
export const EXPORT_KEPT_DAYS = 7;

/** Where archives are read, as the document of the API writes it. */
export const EXPORT_PATH = '/api/exports/{exportId}';

/** Of the id of an export. */
export const exportLinks = linksOf({ use: 'export', path: EXPORT_PATH });
