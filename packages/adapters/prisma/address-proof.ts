import type { PrismaClient } from './generated/client.ts';

export interface AddressProofOptions {
  /** False on a machine that only its owner reaches: there no address has to be proved. */
  readonly isProofAsked: boolean;
}

/**
 * Whether somebody may add what signs them in beside a password. Not before their address is proved: whoever signed up with
 * an address that is not theirs would keep a way in when its owner proves it, and sets a password of their own (PRD-3).
 */
export async function mayAddFactor(
  prisma: PrismaClient,
  userId: string,
  { isProofAsked }: AddressProofOptions,
): Promise<boolean> {
  if (!isProofAsked) return true;
  const [row] = await prisma.$queryRaw<{ ok: boolean }[]>`SELECT email_is_verified(${userId}) AS ok`;
  return row?.ok === true;
}
