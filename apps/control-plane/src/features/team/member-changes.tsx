'use client';

import { ConfirmDialog } from '@patchbay/ui/confirm-dialog';
import { Dialog } from '@patchbay/ui/dialog';
import { useToast } from '@patchbay/ui/toast';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { type Inputs, type Outputs, useTRPC } from '../../trpc/client.ts';
import { useRefusalToast } from '../problem/use-refusal-toast.ts';
import { useAccount, useAccountId, useMe } from '../shell/account.ts';
import type { Person } from './people.ts';
import { roleText } from './role-text.ts';
import { SetUpLink } from './set-up-link.tsx';
import { useRoles } from './use-roles.ts';

export type Member = Outputs['team']['list']['items'][number];
export type Role = Inputs['team']['add']['role'];

/** What is about to be done to somebody, and asked first. */
type Asked =
  | { readonly kind: 'remove'; readonly person: Person<Member> }
  | { readonly kind: 'own-role'; readonly member: Member; readonly role: Role; readonly roleName: string };

export interface MemberChanges {
  /** At once; of one's own role, after a question. */
  readonly changeRole: (member: Member, role: Role, roleName: string) => void;
  readonly inviteAgain: (member: Member) => void;
  /** Asks first: it says what they lose. */
  readonly remove: (person: Person<Member>) => void;
  readonly isPending: boolean;
  /** The windows that ask and show: to stand once on the page. */
  readonly windows: ReactNode;
}

/** What is done to those who hold a role here (ACC-3). */
export function useMemberChanges(): MemberChanges {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const toast = useToast();
  const refusal = useRefusalToast();
  const { data: me } = useMe();
  const [asked, setAsked] = useState<Asked>();
  const leave = () => setAsked(undefined);
  const give = useMutation(
    trpc.team.add.mutationOptions({
      onSuccess: ({ name, roleName, setUpPath }) => {
        leave();
        if (setUpPath === undefined) toast({ tone: 'live', title: `${name} is ${roleName} now.` });
      },
      onError: refusal,
    }),
  );
  const take = useMutation(trpc.team.remove.mutationOptions({ onSuccess: leave, onError: refusal }));
  const put = ({ email, name }: Member, role: Role) => give.mutate({ accountId, email, name, role });
  return {
    changeRole: (member, role, roleName) => {
      if (member.userId === me?.userId) setAsked({ kind: 'own-role', member, role, roleName });
      else put(member, role);
    },
    inviteAgain: (member) => put(member, member.role),
    remove: (person) => setAsked({ kind: 'remove', person }),
    isPending: give.isPending || take.isPending,
    windows: (
      <>
        <InvitedWindow invited={give.data} onClose={give.reset} />
        {asked?.kind === 'remove' ? (
          <RemoveWindow
            person={asked.person}
            isPending={take.isPending}
            onClose={leave}
            onConfirm={({ userId }) => take.mutate({ accountId, userId })}
          />
        ) : null}
        {asked?.kind === 'own-role' ? (
          <ConfirmDialog
            isOpen
            onOpenChange={leave}
            title={`Make yourself ${asked.roleName}?`}
            verb="Change my role"
            isPending={give.isPending}
            onConfirm={() => put(asked.member, asked.role)}
          >
            <p>
              You then have what {asked.roleName} may do, at once, and may be unable to take that back:
              somebody else who may change the team has to.
            </p>
          </ConfirmDialog>
        ) : null}
      </>
    ),
  };
}

interface InvitedWindowProps {
  readonly invited: Outputs['team']['add'] | undefined;
  readonly onClose: () => void;
}

/** One who has not taken their role yet was written to again: the link for whoever invites. */
function InvitedWindow({ invited, onClose }: InvitedWindowProps): ReactNode {
  const path = invited?.setUpPath;
  if (invited === undefined || path === undefined) return null;
  return (
    <Dialog isOpen onOpenChange={onClose} title={`${invited.name} is invited as ${invited.roleName}`}>
      <SetUpLink path={path} name={invited.name} isMailed={invited.isMailed === true} onDone={onClose} />
    </Dialog>
  );
}

interface RemoveWindowProps {
  readonly person: Person<Member>;
  readonly isPending: boolean;
  readonly onClose: () => void;
  readonly onConfirm: (member: Member) => void;
}

function RemoveWindow({ person, isPending, onClose, onConfirm }: RemoveWindowProps): ReactNode {
  const { data: account } = useAccount();
  const { roles } = useRoles();
  const [member, ...above] = person.roles;
  const place = account?.name ?? 'this account';
  const isInvited = member.state === 'invited';
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={onClose}
      title={isInvited ? `Withdraw the invitation of ${member.name}?` : `Take the role of ${member.name}?`}
      verb={isInvited ? 'Withdraw it' : 'Take it'}
      isPending={isPending}
      onConfirm={() => onConfirm(member)}
    >
      {isInvited ? (
        <p>
          The links that {member.email} has lead to nothing, at once. You can invite them again at any time.
        </p>
      ) : (
        <>
          <p>
            {member.email} loses the role of {member.roleName} at {place} and all accounts below it, at once:
          </p>
          <p className="rounded-md border bg-surface px-3 py-2 wrap-anywhere">
            {roleText(roles, member.role)}
          </p>
          <p>Keys that they made go on working: revoke under API keys those that they know.</p>
        </>
      )}
      {above.length === 0 ? null : (
        <p>
          They keep {above.map(({ roleName }) => roleName).join(' and ')} from above, which reaches down to
          here.
        </p>
      )}
    </ConfirmDialog>
  );
}
