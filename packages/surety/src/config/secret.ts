// `${NAME}` in a value takes a secret from the environment, so that none stands in a file.
// `$${` is a plain `${`. An absent variable is a problem at its place, never an empty secret.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${NAME}` is what a person writes in the file.

interface Filled {
  readonly value: string;
  /** Offsets in the written text, with what is wrong there. */
  readonly faults: readonly { readonly offset: number; readonly problem: string; readonly remedy: string }[];
  readonly usesSecret: boolean;
}

export function fillIn(written: string, env: Readonly<Record<string, string | undefined>>): Filled {
  const faults: { offset: number; problem: string; remedy: string }[] = [];
  let usesSecret = false;
  const value = written.replace(
    /(\$?)\$\{([^}]*)(\}?)/g,
    (whole, escaped: string, name: string, close: string, offset: number) => {
      if (escaped !== '') return whole.slice(1);
      usesSecret = true;
      if (close === '' || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
        faults.push({
          offset,
          problem: '`${` does not name a variable',
          remedy: 'write `${NAME}`, or `$${` for the characters themselves',
        });
        return '';
      }
      const found = Object.hasOwn(env, name) ? env[name] : undefined;
      if (found === undefined || found === '') {
        const remedy = `set it before the start: export ${name}=...`;
        faults.push({ offset, problem: `the environment variable \`${name}\` is not set`, remedy });
      }
      return found ?? '';
    },
  );
  return { value, faults, usesSecret };
}
