import { isLostState, sqlStateOf } from '../metering/account-scope.ts';
import { Prisma } from './generated/client.ts';

/** The code that PostgreSQL, or a function of ours, gave to an error, whichever client asked. */
function stateOf(error: unknown): string | undefined {
  if (!(error instanceof Prisma.PrismaClientKnownRequestError)) return sqlStateOf(error);
  // Prisma says of a lost conflict neither which it was nor what PostgreSQL called it.
  return originalCodeOf(error) ?? (error.code === 'P2034' ? '40001' : undefined);
}

/** Whether another transaction came first. */
export const isLostConflict = (error: unknown): boolean => isLostState(stateOf(error));

/** Whether an account would say something of one that it does not stand above any more: a move came first. */
export const isNoLongerAbove = (error: unknown): boolean => stateOf(error) === 'PB411';

/**
 * Whether a row refers to one that is not there, or that others still refer to goes away. Whoever looked before writing finds out so
 * that the other one came, or went, in between.
 */
export const isLostReference = (error: unknown): boolean => {
  const state = stateOf(error);
  return state === '23503' || state === '23001';
};

const originalCodeOf = ({ meta }: Prisma.PrismaClientKnownRequestError): string | undefined =>
  (meta as { driverAdapterError?: { cause?: { originalCode?: string } } } | undefined)?.driverAdapterError
    ?.cause?.originalCode;

/**
 * Whether a unique index refused a write. Prisma reports it as P2002 from its own statements and as P2010 with
 * PostgreSQL's 23505 from raw ones.
 */
export function isUniqueViolation(error: unknown): boolean {
  if (!(error instanceof Prisma.PrismaClientKnownRequestError)) return false;
  return (
    error.code === 'P2002' || (error.code === 'P2010' && JSON.stringify(error.meta ?? {}).includes('23505'))
  );
}

/**
 * Whether PostgreSQL refused the values themselves: classes 22 (data exception) and 23 (integrity constraint violation).
 * The same statement with the same values fails each time; anything else may pass when it is tried again.
 */
export function isDataError(error: unknown): boolean {
  if (error instanceof Prisma.PrismaClientValidationError) return true;
  if (!(error instanceof Prisma.PrismaClientKnownRequestError)) return false;
  const originalCode = originalCodeOf(error);
  if (originalCode !== undefined) return /^2[23]/.test(originalCode);
  return PRISMA_DATA_CODES.has(error.code);
}

/** Value too long, constraint, foreign key, null, overflow, range and inconsistent column data. */
const PRISMA_DATA_CODES: ReadonlySet<string> = new Set([
  'P2000',
  'P2002',
  'P2003',
  'P2004',
  'P2005',
  'P2006',
  'P2007',
  'P2011',
  'P2020',
  'P2023',
  'P2033',
]);
