import { linksOf } from '@patchbay/kit/signed-link';

/** How long a link to a stored file works. */
export const OBJECT_LINK_LIFETIME_MS = 60 * 60_000;

/** Where stored files are read by a link, as the document of the API writes it. */
export const OBJECT_PATH = '/api/media/{objectId}';

/** Where a file is taken for a job, by a link that was made for that. */
const UPLOAD_PATH = '/api/uploads/{jobId}';

/** Of the id of a job. */
export const uploadLinks = linksOf({ use: 'upload', path: UPLOAD_PATH, method: 'PUT' });

/** Of the id of a file. */
export const objectLinks = linksOf({ use: 'media', path: OBJECT_PATH });
