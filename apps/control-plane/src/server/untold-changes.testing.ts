/** Changes that no event tells of, each with why. All others do, so that a copy that follows the events is never behind (HKS-2). */
export const untold: Readonly<Record<string, string>> = {
  'networkDiscovery.createIceServers': 'minting changes nothing that is kept, and is done for every call',
  'notification.createToken': 'minting changes nothing that is kept, and is done for every client',
  'conferencing.updateParticipant': 'the leg tells what it is from then on, once its node has done it',
  'conferencing.removeParticipant': 'the leg tells that it has left, once its node has done it',
  'textToSpeech.removeSpeech':
    'who removes a file has it from an event or an answer, and no copy of ours follows it',
  'speechDetection.removeJob':
    'who removes a job has it from an event or an answer, and no copy of ours follows it',
  'transcoding.removeJob':
    'who removes a job has it from an event or an answer, and no copy of ours follows it',
  'signaling.createToken': 'minting changes nothing that is kept, and is done for every call',
  'sessions.update': 'the session tells what became of it, once its node has done it',
  'sessions.updateAll': 'each session tells of itself',
  'sessions.redirect': 'the session tells that another document decides, once its node has asked for it',
  'sessions.updateLeg': 'the session tells what is muted, once its node has done it',
  'sessions.removeLeg': 'the session tells who was removed, once its node has done it',
  'deliveries.resend': 'what is sent again is the event itself',
  'exports.createLink': 'a link changes nothing of the export, and the log says who has one',
  'reconciliation.start': 'it reads Stripe again, and what is found is told by itself',
  'logic.dryRun': 'it runs a document for nobody',
  'sso.test': 'it asks the provider, and sets nothing',
};

/** For people alone, whom this file does not sign in: account-views.test.ts has their entries and events. */
export const ofPeople = ['views.start', 'views.end'];

/** Of the platform alone, or with Stripe: collecting.test.ts and spending.test.ts have their entries, the tests of their handlers their events. */
export const ofCollecting = [
  ...['statements.refund', 'statements.void', 'payouts.setUp', 'closings.close', 'customers.link'],
  ...['payouts.sendAgain', 'collectedTaxes.sendAgain', 'collecting.connect', 'collecting.disconnect'],
  ...['comparisons.start', 'comparisons.collect', 'comparisons.importFigures'],
  ...['balances.topUp', 'balances.setAutomaticTopUp', 'balances.refund'],
];

/** Of test accounts alone: test-keys.test.ts has their entries, the test of their handlers their events. */
export const ofTestBooks = ['testClocks', 'testPayments'];
