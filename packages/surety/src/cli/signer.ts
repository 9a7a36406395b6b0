// Who signs at the command line: a key in a file, and the person in surety.yaml whose key it is.

import type { Config } from '../config/index.ts';
import { type PersonKey, readPersonKey, signWith } from './commands/key.ts';
import { CommandError, exit, type Terminal } from './terminal.ts';

export interface Signer {
  readonly person: string;
  /** What travels with whatever is signed: the key by its id, and the signature in base64. */
  sign(text: string): { readonly key: string; readonly signature: string };
}

/** Throws CommandError where no key is given, or it is no one person's. */
export function signerOf(
  terminal: Terminal,
  config: Config,
  { key: file, as }: { readonly key?: string; readonly as?: string },
): Signer {
  if (file === undefined)
    throw new CommandError(
      'with which key?',
      'pass --key FILE; `surety key FILE` makes one',
      exit.unauthenticated,
    );
  const key = readPersonKey(terminal, file);
  return {
    person: as ?? ownerOf(key, config),
    sign: (text) => ({ key: key.id, signature: signWith(key, text) }),
  };
}

/** Whose key this is, by surety.yaml. */
function ownerOf({ id, line }: PersonKey, { declarations }: Config): string {
  const owners = declarations.flatMap((each) =>
    each.kind === 'person.enrolled' && each.body.keys.some((key) => key.id === id) ? [each.body.person] : [],
  );
  const [only] = owners;
  if (only !== undefined && owners.length === 1) return only;
  if (only !== undefined)
    throw new CommandError('several people have this key', 'pass --as PERSON', exit.usage);
  const help = `put "${line}" under \`keys\` of the person in surety.yaml`;
  throw new CommandError('nobody here signs with this key', help, exit.unauthenticated);
}
