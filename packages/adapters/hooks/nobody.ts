/** The scope of what is done for all tenants at once: it sees no row of any, and only named functions answer it. */
export const NOBODY = '';
