import { Prisma } from './generated/client.ts';

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
