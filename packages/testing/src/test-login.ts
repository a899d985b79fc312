/** With whom the application connects to a database of the tests, as it does in production: no superuser, no owner. */
export const testLogin = { name: 'patchbay_test_login', password: 'test' };
