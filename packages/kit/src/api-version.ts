/** The versions of the API that are served, the oldest first: the days on which something changed that a caller notices. */
export const apiVersions = ['2026-11-24'] as const;

export type ApiVersion = (typeof apiVersions)[number];

/** Names the version that a request was written for, and in the answer the one that it was served as (API-1). */
export const API_VERSION_HEADER = 'patchbay-version';

export const apiVersionNewest: ApiVersion = apiVersions[apiVersions.length - 1] ?? apiVersions[0];

/**
 * The version that a request is served as. Who names none gets the oldest, so that what was written without one goes on.
 * Undefined: the version is not served. A second version turns requests and answers of this one into its own at this place.
 */
export function apiVersionOf(asked: string | null): ApiVersion | undefined {
  return asked === null ? apiVersions[0] : apiVersions.find((version) => version === asked);
}
