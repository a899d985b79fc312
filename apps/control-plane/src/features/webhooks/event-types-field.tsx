'use client';

import { Button } from '@patchbay/ui/button';
import { Field } from '@patchbay/ui/input';
import { Menu, MenuItem, MenuLabel } from '@patchbay/ui/menu';
import { type ReactNode, useState } from 'react';
import { eventGroups, withType } from './event-types.ts';

export interface EventTypesFieldProps {
  readonly eventTypes: readonly string[];
  /** Of a callback: its service. */
  readonly service: string | undefined;
  readonly error: string | undefined;
  readonly onChoose: () => void;
}

/** The events of a webhook: typed, or chosen from the catalogue one after the other. */
export function EventTypesField({ eventTypes, service, error, onChoose }: EventTypesFieldProps): ReactNode {
  const [text, setText] = useState(eventTypes.join(', '));
  const choose = (type: string) => {
    setText(withType(text, type));
    onChoose();
  };
  return (
    <Field
      label="Events"
      name="eventTypes"
      value={text}
      onChange={({ target }) => setText(target.value)}
      aside={
        <Menu
          trigger={
            <Button size="small" variant="ghost">
              Choose
            </Button>
          }
        >
          {service === undefined ? <MenuItem onSelect={() => choose('*')}>* (all events)</MenuItem> : null}
          {eventGroups(service).map(({ owner, title, types }) => (
            <div key={owner}>
              <MenuLabel>{title}</MenuLabel>
              {types.map((type) => (
                <MenuItem key={type} onSelect={() => choose(type)}>
                  {type}
                </MenuItem>
              ))}
            </div>
          ))}
        </Menu>
      }
      hint={
        service === undefined
          ? 'Names with commas between; signaling.* is all of one service, * is all.'
          : 'Names with commas between, of the events of its service.'
      }
      error={error}
    />
  );
}
