// What the API and the command line need of a house, and the form in which verdicts leave it.

import type { Sink } from '@surety/proof/bundle';
import type { ContainmentScope } from '@surety/proof/facts';
import type { KeyRole, RotationReason } from '@surety/proof/records';
import type { Signed } from '@surety/proof/rules';
import type { ErasedEvidence, Judgement } from '@surety/proof/verdict';
import type { Problem } from '../config/index.ts';
import type { CallerSettlement, Decision } from '../gateway/decided.ts';
import type { Affected } from '../gateway/gateway.ts';
import type {
  ContainAnswer,
  DrillAnswer,
  HoldAnswer,
  LegalHold,
  LiftAnswer,
  OfferedSignature,
  PasskeyShown,
  Pending,
  PinAnswer,
  ReleaseAnswer,
  Survey as Surveyed,
} from '../governance/index.ts';
import type { Rotated } from '../ledger/key-desk.ts';

export interface Desk {
  verdict(outcome: string, at?: number): Promise<VerdictShown>;
  /** Writes the proof into `sink`, front to back; what was written before it throws is no proof. */
  prove(outcome: string, at: number | undefined, sink: Sink): Promise<Proved>;
  issue(identity: string, lifeMs: number): Promise<{ credential: string; expires: number }>;
  revoke(identity: string): Promise<number>;
  openCase(application: string, opening: { agent: string; user: string; words: string }): Promise<string>;
  answer(
    offered: Offered,
  ): Promise<{ hold: string; decision: string; seed?: { seed: string; caught: boolean; because: string } }>;
  /** Plants a request that ought to be refused: by its name, or any. */
  plant(name?: string): Promise<{ seed: string }>;
  /** Carries out an order about disclosures, or of containment. */
  order(offered: Offered): Promise<OrderAnswer>;
  /** What is kept about a subject, by its name in the store. */
  survey(subject: string): Promise<Survey>;
  /** Whom a containment of this would stop. */
  affected(scope: ContainmentScope): Affected | Promise<Affected>;
  legalHolds(): LegalHoldShown[] | Promise<LegalHoldShown[]>;
  /** What the servers list now, under which contracts; what is new is recorded. */
  look(): Promise<LookAnswer>;
  /** Reads the files again; nothing changes if anything in them is wrong. */
  reload(): Promise<ReloadAnswer>;
  /** The signature of an owner under a change that waits; `pending`: it waits for others. */
  sign(offered: OfferedSignature): Promise<{ pending: boolean }>;
  /** Invites to register a passkey, confirms one or revokes it. */
  passkey(offered: Offered): Promise<PasskeyShown>;
  settle(): Promise<void>;
  /** Hands the log key or the statement key over to a new one. */
  rotate(role: KeyRole, reason: RotationReason): Promise<Rotated>;
  /** The verifier key that the next rotation will hand over to. */
  nextKey(role: KeyRole): Promise<string>;
  /** Which agent presents this credential; undefined if none does. */
  agent(authorization: string | undefined): string | undefined;
  decide(agent: string, asked: CallAsked): Promise<Decision>;
  /** `unknown`: this agent has no such call open. */
  settleCall(agent: string, said: CallerSettlement): Promise<'settled' | 'unknown'>;
  /** Which application presents this credential; undefined if none does. */
  application(authorization: string | undefined): string | undefined;
  status(): DeskStatus;
}

/** A statement of a person, and their signature under it. */
export interface Offered extends Signed {
  readonly statement: unknown;
}

/** What became of a reload. `surety reload --json`: documented in docs/cli.md; members are only ever added. */
export type ReloadAnswer =
  | { readonly ok: false; readonly problems: readonly Problem[] }
  | {
      readonly ok: true;
      /** What took force, each with how it stands to what was there before. */
      readonly applied: readonly { readonly stream: string; readonly is: string }[];
      /** What waits for the signature of an owner. */
      readonly pending: readonly Pending[];
      /** Those that are reached now. */
      readonly servers: readonly string[];
      /** Keys of surety.yaml that changed and hold only after a restart. */
      readonly restart: readonly string[];
      readonly warnings: readonly Problem[];
    };

/** What servers list now whose contracts matter. */
export interface LookAnswer {
  readonly servers: readonly {
    readonly server: string;
    readonly tools: readonly { readonly tool: string; readonly contract: string }[];
    /** Why it could not be asked. */
    readonly away?: string;
  }[];
}

/** What became of an order. */
export type OrderAnswer =
  | PinAnswer
  | ContainAnswer
  | LiftAnswer
  | DrillAnswer
  | { readonly order: string; readonly did: 'erase'; readonly facts: number; readonly disclosures: number }
  | ({ readonly order: string; readonly did: 'disclose' } & ReleaseAnswer)
  | ({ readonly order: string; readonly did: 'place-legal-hold' | 'lift-legal-hold' } & HoldAnswer);

export type LegalHoldShown = Omit<LegalHold, 'lifters'> & { readonly lifters: readonly string[] };
export type Survey = Omit<Surveyed, 'holds'> & { readonly holds: readonly LegalHoldShown[] };

/** A call that its maker asks about before making it past the gateway. */
export interface CallAsked {
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly case?: string;
  /** For whoever watches. */
  readonly message?: () => { readonly traceparent?: string };
}

export interface Proved {
  readonly verdict: VerdictShown;
  readonly sizeBytes: number;
}

export interface DeskStatus {
  readonly ledgerSize: number;
  readonly sealedSize: number;
  readonly cosigned: readonly string[];
  readonly origin: string;
}

/** `surety verdict --json`: documented in docs/cli.md; members are only ever added. */
export interface VerdictShown
  extends Omit<Judgement, 'window' | 'asOf' | 'population' | 'head' | 'declared' | 'rules' | 'erased'> {
  readonly window: { readonly from: string; readonly to: string };
  readonly asOf: string;
  /** There if values that it reads were erased. */
  readonly erased?: ErasedShown;
  /** The signed note. */
  readonly head: string;
  readonly root: string;
  readonly cosigned: readonly string[];
  readonly ledgerSize: number;
}

/** `earlier` is null if no verdict was given before the first of the erasures. */
export interface ErasedShown {
  readonly by: readonly { readonly position: number; readonly at: string; readonly basis: string }[];
  readonly earlier:
    | (Omit<NonNullable<ErasedEvidence['earlier']>, 'at'> & {
        readonly at: string;
      })
    | null;
}

export function showVerdict(judgement: Judgement, headNote: string): VerdictShown {
  const {
    window,
    asOf,
    head,
    population: _population,
    declared: _declared,
    rules: _rules,
    erased,
    ...rest
  } = judgement;
  const instant = (at: number) => new Date(at).toISOString();
  return {
    ...rest,
    window: { from: instant(window.from), to: instant(window.to) },
    asOf: instant(asOf),
    ...(erased && { erased: showErased(erased, instant) }),
    head: headNote,
    root: head.root,
    cosigned: head.cosigned,
    ledgerSize: head.size,
  };
}

const showErased = ({ by, earlier }: ErasedEvidence, instant: (at: number) => string): ErasedShown => ({
  by: by.map(({ position, at, basis }) => ({ position, at: instant(at), basis })),
  earlier: earlier === undefined ? null : { ...earlier, at: instant(earlier.at) },
});
