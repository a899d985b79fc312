import type { Metadata } from 'next';
import { OrganisationPage } from '../../../../features/organisation/organisation-page.tsx';

export const metadata: Metadata = { title: 'Organisation' };

/** Fetches nothing ahead: whether there is an organisation to ask for, the page knows once it knows who looks. */
export default OrganisationPage;
