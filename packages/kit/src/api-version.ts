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

/** Until when a version is served, and since when nothing new is to be written for it. */
export interface VersionEnd {
  readonly deprecatedAt: Date;
  readonly endsAt: Date;
}

/** The versions that come to an end. A version stands here before it leaves the list above. */
export const versionEnds: Partial<Record<ApiVersion, VersionEnd>> = {};

/** What each answer of a version that comes to an end says of it: Deprecation (RFC 9745 §2), Sunset (RFC 8594 §3). */
export function endOfVersion(end: VersionEnd | undefined): Readonly<Record<string, string>> {
  if (end === undefined) return {};
  return {
    deprecation: `@${Math.floor(end.deprecatedAt.getTime() / 1_000)}`,
    sunset: end.endsAt.toUTCString(),
  };
}

/** Cursors were what the platform counts by, before they were sealed. Whoever kept one goes on from it for one release. */
export const bareCursorEnd: VersionEnd = {
  deprecatedAt: new Date('2026-11-30T00:00:00Z'),
  endsAt: new Date('2027-03-01T00:00:00Z'),
};
