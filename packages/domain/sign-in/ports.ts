import type { z } from 'zod';
import type {
  passkeyAssertion,
  passkeyCreationOptions,
  passkeyRegistration,
  passkeyRequestOptions,
} from './webauthn.ts';

/** Whoever calls, by the session that they hold. */
export interface Person {
  readonly signInSessionId: string;
  readonly userId: string;
  readonly name: string;
  readonly email: string;
  /** The network address that asks; empty where it is not known. */
  readonly address: string;
  /** Of the entry in the audit log. */
  readonly requestId: string;
}

/** For whom a browser makes passkeys: the host that a request came to. They work there, and at no other. */
export interface PasskeyPlace {
  readonly id: string;
  readonly origin: string;
  /** Of a brand. Absent: it is the platform's own. */
  readonly host?: string;
}

export interface OwnPasskey {
  readonly id: string;
  readonly name: string;
  readonly host: string | undefined;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | undefined;
}

export interface OwnSignIn {
  readonly id: string;
  readonly address: string | undefined;
  readonly userAgent: string | undefined;
  readonly createdAt: Date;
  readonly lastSeenAt: Date;
}

type ProofOutcome = 'proved' | 'second_factor' | 'refused' | 'organisation';

/**
 * What people change of their own sign-in, each with its entry in the logs of the accounts where they hold a role (ACC-8). What
 * is guessed at is counted outside of the transaction of the change, which a refusal undoes.
 */
export interface SignInPorts {
  readonly people: {
    /** Undefined: the session is over. */
    of(signInSessionId: string): Promise<Pick<Person, 'userId' | 'name' | 'email'> | undefined>;
    /** False: the session is over. */
    rename(person: Person & { readonly newName: string }): Promise<boolean>;
    /** Whether their organisation signs them in, and in no other way. */
    isByOrganisation(userId: string): Promise<boolean>;
    mayAddFactor(userId: string): Promise<boolean>;
    /** Counts one more try of theirs. Never within a transaction. */
    isTryAdmitted(userId: string): Promise<boolean>;
    /** Undefined: the password is not theirs. False: there were too many links. Never within a transaction. */
    changeEmail(
      change: Omit<Person, 'email'> & {
        readonly oldEmail: string;
        readonly email: string;
        readonly password: string;
      },
    ): Promise<boolean | 'organisation' | undefined>;
  };
  readonly places: {
    /** At the host with this address, or the platform's own. Undefined: browsers make no passkeys there. */
    passkeysAt(baseUrl: string | undefined): PasskeyPlace | undefined;
    /**
     * What the place is called, at the host of an account's brand; at the platform's own what somebody meets there once they are in:
     * the brand above all their accounts (PRD-2).
     */
    nameAt(place: { readonly within: string | undefined; readonly userId: string }): Promise<string>;
  };
  /** Never within a transaction: a refused try stays counted, and a password is compared. */
  readonly proofs: {
    isFresh(signInSessionId: string): Promise<boolean>;
    byPassword(
      proof: Person & { readonly password: string; readonly code?: string | undefined },
    ): Promise<ProofOutcome>;
    byPasskey(
      proof: Person & { readonly response: z.output<typeof passkeyAssertion>; readonly at: PasskeyPlace },
    ): Promise<ProofOutcome>;
    changePassword(
      change: Person & { readonly password: string },
    ): Promise<'changed' | 'stale' | 'organisation'>;
  };
  readonly passkeys: {
    list(userId: string): Promise<readonly OwnPasskey[]>;
    /** Undefined: too many wait for an answer. */
    challenge(at: PasskeyPlace): Promise<z.output<typeof passkeyRequestOptions> | undefined>;
    propose(
      person: Person & { readonly at: PasskeyPlace; readonly placeName: string },
    ): Promise<z.output<typeof passkeyCreationOptions> | undefined>;
    /** Its id. Undefined: refused. Never within a transaction: a challenge is used up by a wrong answer too. */
    add(
      passkey: Person & {
        readonly at: PasskeyPlace;
        readonly passkeyName: string;
        readonly response: z.output<typeof passkeyRegistration>;
      },
    ): Promise<string | undefined>;
    /** False: it is not theirs. */
    rename(passkey: Person & { readonly id: string; readonly passkeyName: string }): Promise<boolean>;
    /** False: it is not theirs. */
    remove(passkey: Person & { readonly id: string }): Promise<boolean>;
  };
  readonly factors: {
    isOn(userId: string): Promise<boolean>;
    /** Undefined: there is one in use. */
    propose(
      person: Person & { readonly issuer: string },
    ): Promise<{ readonly secret: string; readonly uri: string } | undefined>;
    /** The recovery codes. Undefined: not this code. */
    confirm(person: Person & { readonly code: string }): Promise<readonly string[] | undefined>;
    remove(person: Person & { readonly code: string }): Promise<boolean>;
  };
  readonly signIns: {
    list(signInSessionId: string): Promise<readonly OwnSignIn[]>;
    /** False: it is not theirs, or was over. */
    end(signInSessionId: string, otherId: string, requestId: string): Promise<boolean>;
    signOutOthers(signInSessionId: string, requestId: string): Promise<number>;
    signOutEverywhere(signInSessionId: string, requestId: string): Promise<number>;
  };
}
