import { createContext, type ReactNode, useContext } from 'react';

const Disabled = createContext(false);

/** Whether the fields around this one are read and not changed, for a control that the browser does not disable by itself. */
export const useIsDisabled = (): boolean => useContext(Disabled);

export interface FieldSetProps {
  readonly isDisabled: boolean;
  readonly children: ReactNode;
}

/** Fields that are changed together, or only read. It takes part in no layout: its children stand as if without it. */
export function FieldSet({ isDisabled, children }: FieldSetProps): ReactNode {
  return (
    <Disabled value={isDisabled}>
      <fieldset disabled={isDisabled} className="contents">
        {children}
      </fieldset>
    </Disabled>
  );
}
