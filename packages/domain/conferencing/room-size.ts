/** How many were in a room when something was counted: of each dimension of usage, few values. */
export const roomSizes = ['1', '2', '3-10', '11-50', '51-or-more'] as const;

export function roomSizeOf(participantCount: number): (typeof roomSizes)[number] {
  if (participantCount <= 1) return '1';
  if (participantCount === 2) return '2';
  if (participantCount <= 10) return '3-10';
  return participantCount <= 50 ? '11-50' : '51-or-more';
}
