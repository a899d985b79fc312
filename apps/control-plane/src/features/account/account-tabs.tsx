import type { ReactNode } from 'react';
import { accountParts } from '../shell/pages.ts';
import { PartTabs } from '../shell/part-tabs.tsx';

/** What an account is made of, each with its own address. */
export const AccountTabs = (): ReactNode => <PartTabs label="Parts of the account" parts={accountParts} />;
