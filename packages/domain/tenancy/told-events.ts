import { idSchema } from '@patchbay/kit/ids';
import { z } from 'zod';
import { accountStates, dateTime } from './fields.ts';
import { roleRef } from './role-operations.ts';

const accountId = idSchema('acc');
const applicationId = idSchema('app');
const keyId = idSchema('key');
const instanceTypes = z.array(z.string());
const member = { userId: idSchema('usr'), role: roleRef };
const roleId = idSchema('rol');
const viewId = idSchema('sin');

/** What an account is told of itself, its keys, its applications and its team (HKS-2). People are named by their ids alone. */
export const tenancyEvents = {
  'account.created': z.object({ accountId, parentId: accountId }),
  /** Something of it that an update may change, other than its state: that has an event of its own. */
  'account.changed': z.object({ accountId }),
  'account.state-changed': z.object({ accountId, state: z.enum(accountStates) }),
  /** Rights and policies follow at once; usage is counted and paid along the new chain from `startsAt` on. */
  'account.moved': z.object({ accountId, startsAt: dateTime }),
  /** The same, told where the account stood before. */
  'account.left': z.object({ accountId, startsAt: dateTime }),
  'organisation.changed': z.object({ organisationId: idSchema('org') }),
  'application.created': z.object({ applicationId, instanceTypes }),
  /** Its name, or its instance types: those that came to it, and those that went. */
  'application.changed': z.object({
    applicationId,
    addedInstanceTypes: instanceTypes,
    removedInstanceTypes: instanceTypes,
  }),
  'application.removed': z.object({ applicationId }),
  'key.created': z.object({ keyId }),
  /** Its name: nothing else of a key changes. */
  'key.changed': z.object({ keyId }),
  'key.rotated': z.object({ keyId, replacedBy: keyId }),
  'key.revoked': z.object({ keyId }),
  'credential.revoked': z.object({ prefixId: z.string() }),
  'role.created': z.object({ roleId }),
  /** Its name or its scopes: at once for everybody who holds it. */
  'role.changed': z.object({ roleId }),
  /** Whoever held it has an event of their own. */
  'role.removed': z.object({ roleId }),
  'member.invited': z.object(member),
  /** The links of an invitation that was not taken were made anew. */
  'member.invited-again': z.object(member),
  /** Somebody took the role that they were invited to, or has it from the provider of their organisation. */
  'member.joined': z.object(member),
  'member.role-changed': z.object({ ...member, previousRole: roleRef }),
  'member.removed': z.object(member),
  /** Somebody of an account above looks at the dashboard as this account does: the audit log says who, and why. */
  'view.started': z.object({ viewId, until: dateTime }),
  'view.ended': z.object({ viewId }),
} as const;
