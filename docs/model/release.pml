/*
 * The release protocol, for spin. README.md beside this file says what it shows and what it leaves out.
 *
 * The adversary is the network: every message is one that he chose to send. Removing a check
 * (NO_NONCE, NO_BINDING, NO_MEASUREMENT, NO_SINGLE_USE, NO_MARK, NO_EXPIRY, GUESSABLE_NONCE) must let him win.
 * SECRECY_ONLY and REPLAY_ONLY choose which property is looked at; REACH asks whether the guest is served at all.
 */

#ifndef SESSIONS
#define SESSIONS 2
#endif
#define EVIDENCE 3

/* Key pairs. A guest makes a new one each time it boots. */
#define FIRST 1
#define SECOND 2
#define ADVERSARY 3

/* Whose private half the adversary holds. */
bool known[4];

/*
 * A session's number is its nonce too: both are given out once. 0 is a nonce that was never issued. A session that was
 * only opened is stored nowhere: its bearer's token says all of it, under a MAC that nobody else can make.
 */
typedef Session {
  bool row; /* its nonce is spent: the row of it, with key and evidence */
  bool forgotten; /* it was swept, as the sweep noted */
  bool expired; /* as the clock shows it */
  byte key;
  byte evidence
};
Session session[SESSIONS + 1];
byte issued;

/* Evidence as signed by genuine hardware; nobody can write into it. */
typedef Evidence {
  bool approved; /* measured: the workload whose owner put the secret here, or another */
  byte nonce;
  byte key;
  byte issuedThen; /* only for the properties: how many nonces there were when it was made */
  byte passed /* only for the properties: how often it passed */
};
Evidence evidence[EVIDENCE];
byte made;

chan challenge = [0] of { bit };
chan quote = [0] of { byte }; /* nonce */
chan attest = [0] of { byte, byte, byte }; /* session, evidence, tee-pubkey */
chan fetch = [0] of { byte }; /* session, or a token of it: whoever carries it may ask */

inline make(isApproved, theNonce, theKey) {
  evidence[made].approved = isApproved;
  evidence[made].nonce = theNonce;
  evidence[made].key = theKey;
  evidence[made].issuedThen = issued;
  made++
}

#ifdef NO_MEASUREMENT
#define measurementFits(e) true
#else
#define measurementFits(e) (evidence[e].approved)
#endif

#ifdef NO_NONCE
#define nonceFits(s, e) true
#else
#define nonceFits(s, e) (evidence[e].nonce == s)
#endif

#ifdef NO_BINDING
#define keyFits(e, k) true
#else
#define keyFits(e, k) (evidence[e].key == k)
#endif

#ifdef NO_SINGLE_USE
#define inserted(s) true
#else
#define inserted(s) (!session[s].row)
#endif

#ifdef NO_MARK
#define unmarked(s) true
#else
#define unmarked(s) (!session[s].forgotten)
#endif

#define passes(s, e, k) \
  (inserted(s) && unmarked(s) && !session[s].expired && measurementFits(e) && nonceFits(s, e) && keyFits(e, k))

/* The secret is encrypted to the key of the session: what must be true of it then. */
inline encrypt(s) {
  printf("broker: encrypts the secret of session %d to key %d\n", s, session[s].key);
#ifdef REACH
  assert(session[s].key != SECOND);
#endif
#ifndef REPLAY_ONLY
  assert(!known[session[s].key]);
#endif
#ifndef SECRECY_ONLY
  assert(evidence[session[s].evidence].approved);
  assert(evidence[session[s].evidence].key == session[s].key);
  assert(evidence[session[s].evidence].issuedThen >= s);
  assert(evidence[session[s].evidence].passed == 1)
#endif
}

active proctype Broker() {
  byte s, e, k;
end:
  do
  :: atomic {
      challenge ? _ ->
      if
      :: issued < SESSIONS ->
        issued++;
        printf("broker: opens session %d with nonce %d\n", issued, issued)
      :: else
      fi
    }
  :: atomic {
      attest ? s, e, k ->
      if
      :: passes(s, e, k) ->
        printf("broker: accepts evidence %d (nonce %d, key %d) in session %d for key %d\n",
          e, evidence[e].nonce, evidence[e].key, s, k);
        session[s].row = true;
        session[s].key = k;
        session[s].evidence = e;
        evidence[e].passed++
      :: else
      fi;
      s = 0; e = 0; k = 0
    }
  :: atomic {
      fetch ? s ->
      if
      :: session[s].row && !session[s].expired -> encrypt(s)
      :: else
      fi;
      s = 0
    }
    /* Sessions that are over are swept together; what was never spent has no row, and is forgotten all the same. */
  :: atomic {
      session[1].row && session[1].expired ->
      printf("broker: forgets sessions up to %d\n", issued);
      for (s : 1 .. issued) {
        if
        :: session[s].expired ->
          session[s].row = false;
          session[s].key = 0;
          session[s].evidence = 0;
          session[s].forgotten = true
        :: else
        fi
      }
      s = 0
    }
  od
}

/* The approved workload. It signs what it is told to, with the key of its present life. */
active proctype Guest() {
  byte key = FIRST;
  byte nonce;
end:
  do
  :: atomic {
      quote ? nonce ->
      if
      :: made < EVIDENCE ->
        printf("guest: makes evidence %d with nonce %d and key %d\n", made, nonce, key);
        make(true, nonce, key)
      :: else
      fi;
      nonce = 0
    }
    /* The machine is given back and booted again later; by then what it held may be out. */
  :: atomic {
      key == FIRST ->
      printf("guest: boots again; the adversary gets key %d\n", FIRST);
      key = SECOND;
      known[FIRST] = true;
#ifndef NO_EXPIRY
      session[1].expired = (issued >= 1);
#if SESSIONS > 1
      session[2].expired = (issued >= 2);
#endif
#if SESSIONS > 2
      session[3].expired = (issued >= 3)
#endif
#endif
    }
  od
}

/*
 * While no key is out, sessions end early or begin again as the clock jumps; afterwards they have ended. The attacks on
 * secrecy alone need no jumps, and are found sooner without.
 */
#ifndef SECRECY_ONLY
active proctype Clock() {
  byte s;
end:
  do
  :: atomic {
      issued > 0 && !known[FIRST] ->
      printf("clock: goes ahead\n");
      for (s : 1 .. issued) {
        session[s].expired = true
      }
      s = 0
    }
  :: atomic {
      issued > 0 && !known[FIRST] ->
      printf("clock: goes back\n");
      for (s : 1 .. issued) {
        session[s].expired = false
      }
      s = 0
    }
  od
}
#endif

#ifdef GUESSABLE_NONCE
#define NONCES SESSIONS
#else
#define NONCES issued
#endif

active proctype Adversary() {
  byte s, e, k;
  known[ADVERSARY] = true;
end:
  do
  :: challenge ! 0
  :: atomic {
      select(s : 0 .. NONCES);
      quote ! s;
      s = 0
    }
    /* His own TEE is genuine, and runs whatever he likes: any nonce, any key, not the measurement. */
  :: atomic {
      made < EVIDENCE ->
      select(s : 0 .. NONCES);
      select(k : FIRST .. ADVERSARY);
      printf("adversary: makes evidence %d of his own with nonce %d and key %d\n", made, s, k);
      make(false, s, k);
      s = 0; k = 0
    }
    /* Any evidence that was ever made, old or new, with any key, in any session. */
  :: atomic {
      made > 0 && issued > 0 ->
      select(s : 1 .. issued);
      select(e : 0 .. made - 1);
      select(k : FIRST .. ADVERSARY);
      attest ! s, e, k;
      s = 0; e = 0; k = 0
    }
  :: atomic {
      issued > 0 ->
      select(s : 1 .. issued);
      fetch ! s;
      s = 0
    }
  od
}
