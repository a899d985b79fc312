'use client';

import { Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import type { ReactNode } from 'react';
import { useAccountId } from '../shell/account.ts';

/** Whose word is edited, for who may speak for several: of those above, and of the account itself by a role there. */
export function SpeakerChoice({
  speakerIds,
  chosen,
  names,
  onChange,
}: {
  readonly speakerIds: readonly string[];
  readonly chosen: string;
  readonly names: ReadonlyMap<string, string>;
  readonly onChange: (accountId: string) => void;
}): ReactNode {
  const accountId = useAccountId();
  if (speakerIds.length < 2) return null;
  const nameOf = (id: string) => names.get(id) ?? id;
  return (
    <div className="mb-4 max-w-sm">
      <Labelled
        label="In the name of"
        hint={
          chosen === accountId
            ? 'As the account itself, by your role there. Those above it keep what they set.'
            : 'What you may do at an account above, you may do for those between.'
        }
      >
        <Select
          label="In the name of"
          value={chosen}
          options={speakerIds.map((id) => ({
            value: id,
            label: id === accountId ? `${nameOf(id)} itself` : nameOf(id),
          }))}
          onChange={onChange}
        />
      </Labelled>
    </div>
  );
}
