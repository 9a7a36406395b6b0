// Why a witness does not start. Each says what a person can do, and none is passed over in silence: a witness that
// forgot could be made to cosign a second history.

export type WitnessErrorCode =
  /** There is a key and no memory, or a memory and no key. */
  | 'lost'
  /** The memory cannot be read, or does not agree with itself. */
  | 'damaged'
  /** The memory is another witness's. */
  | 'another'
  /** The memory is a copy: restored from somewhere, perhaps old. */
  | 'copied'
  /** Somebody holds a larger head, cosigned with this key. */
  | 'behind';

export class WitnessError extends Error {
  readonly code: WitnessErrorCode;
  readonly help: string;
  constructor(code: WitnessErrorCode, message: string, help = retire) {
    super(message);
    this.name = 'WitnessError';
    this.code = code;
    this.help = help;
  }
}

const retire =
  'retire this key: start a new witness in an empty folder, and give its verifier key to all who pin the old one';
