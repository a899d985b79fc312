import type { SamlIdentity, SamlUnread } from '@patchbay/domain/sso/ports';
import { FetchError, type SafeFetch } from '../outgoing/safe-fetch.ts';
import { readMetadata } from './metadata.ts';

/** Fetches the metadata of a provider: from a public address, within time and size, and without following redirects (C28). */
export const metadataFetcher =
  (fetch: SafeFetch) =>
  async (url: string): Promise<SamlIdentity | SamlUnread> => {
    try {
      const headers = { accept: 'application/samlmetadata+xml, application/xml, text/xml' };
      const response = await fetch(url, { method: 'GET', headers });
      if (response.status !== 200) return { refused: `There it answers ${response.status}.` };
      return readMetadata(await response.text());
    } catch (error) {
      if (error instanceof FetchError) return { refused: `Nothing came of asking there: ${error.reason}.` };
      throw error;
    }
  };
