import { signIn } from 'next-auth/react';

/** Takes up a view that was begun, or goes back to one's own session. False when that is over as well. */
export async function enterView(viewId: string): Promise<boolean> {
  return (await signIn('view', { viewId, redirect: false }))?.ok === true;
}

export async function leaveView(): Promise<boolean> {
  return (await signIn('leave-view', { redirect: false }))?.ok === true;
}
