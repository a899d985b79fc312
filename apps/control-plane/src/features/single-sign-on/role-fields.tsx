import { Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { TextArea } from '@patchbay/ui/text-area';
import { type ReactNode, useState } from 'react';
import type { Outputs } from '../../trpc/client.ts';
import { readText, toText } from './group-roles.ts';

type Role = Outputs['roles']['list']['items'][number];
type Provider = NonNullable<Outputs['sso']['get']['provider']>;

export interface ProviderFormProps {
  readonly found: Outputs['sso']['get'];
  /** Those of the organisation's top account. */
  readonly roles: readonly Role[];
}

/** Of no role in the list. */
const NOBODY = 'nobody';

/** What people get when they sign in, whatever the provider speaks: the fields, and what they say. */
export function useRoleFields(
  provider: Pick<Provider, 'newcomerRole' | 'groupRoles'> | undefined,
  roles: readonly Role[],
) {
  const given = roles.filter(({ id }) => id !== 'owner');
  const [newcomerRole, setNewcomerRole] = useState(provider?.newcomerRole ?? NOBODY);
  const [groups, setGroups] = useState(toText(provider?.groupRoles ?? [], given));
  const read = readText(groups, given);
  const options = [
    { value: NOBODY, label: 'Nobody comes in who was not added' },
    ...given.map(({ id, name }) => ({ value: id, label: name })),
  ];
  const fields: ReactNode = (
    <>
      <Labelled
        label="Who is new gets"
        hint="A role at the top account, the first time that somebody signs in. Roles that you give by hand stay as they are."
      >
        <Select
          label="Who is new gets"
          value={options.some(({ value }) => value === newcomerRole) ? newcomerRole : NOBODY}
          options={options}
          onChange={setNewcomerRole}
        />
      </Labelled>
      <TextArea
        label="Roles by group"
        placeholder={'engineering = developer\nfinance = billing'}
        value={groups}
        onChange={setGroups}
        error={'wrong' in read ? read.wrong : undefined}
        hint="The first group somebody is in says their role, anew each time that they sign in."
      />
    </>
  );
  return {
    fields,
    isReadable: 'pairs' in read,
    values: {
      ...(newcomerRole === NOBODY ? {} : { newcomerRole }),
      groupRoles: 'pairs' in read ? read.pairs : [],
    },
  };
}
