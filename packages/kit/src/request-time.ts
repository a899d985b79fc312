import { z } from 'zod';

/** PostgreSQL, time zones and reckoning by days ahead or back hold within these with ease. */
const YEAR_MIN = 2000;
const YEAR_MAX = 2199;

/** A time that a caller names, in UTC, as ISO 8601: within the years that anything here can be of. */
export const requestTime = z.iso.datetime().refine((text) => {
  const year = new Date(text).getUTCFullYear();
  return year >= YEAR_MIN && year <= YEAR_MAX;
}, `A time is of a year from ${YEAR_MIN} to ${YEAR_MAX}.`);
