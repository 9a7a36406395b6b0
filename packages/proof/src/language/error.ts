// The only error that reading or evaluating a rule throws. Closed list of codes.

export type RuleErrorCode =
  | 'syntax'
  | 'unknown-name'
  | 'type'
  | 'missing'
  | 'overflow'
  | 'divide-by-zero'
  | 'too-much-work'
  | 'too-long';

export class RuleError extends Error {
  readonly code: RuleErrorCode;
  /** In UTF-16 code units from the start of the rule's text. */
  readonly offset: number;
  constructor(code: RuleErrorCode, offset: number, message: string) {
    super(message);
    this.name = 'RuleError';
    this.code = code;
    this.offset = offset;
  }
}
