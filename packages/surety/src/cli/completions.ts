// The four completion scripts. Each is told the commands once and holds no logic of its own beyond where in the
// line the cursor stands.

import type { Completed } from './commands/completion.ts';

/** Within single quotes of a POSIX shell nothing is special but the quote itself. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const flagsOf = ({ options }: Completed): string => options.flatMap(({ flags }) => flags).join(' ');
const filesAfter = ({ options }: Completed): string[] =>
  options.filter(({ takes }) => takes === 'file').flatMap(({ flags }) => flags);
const wordAfter = ({ options }: Completed): string[] =>
  options.filter(({ takes }) => takes === 'word').flatMap(({ flags }) => flags);

/** `source <(surety completion bash)` */
export function bash(commands: readonly Completed[]): string {
  const cases = commands.map((command) => {
    const words = quoted(command.words.join(' '));
    const files = filesAfter(command).join('|');
    const typed = wordAfter(command).join('|');
    const lines = [
      ...(files === '' ? [] : [`    ${files}) COMPREPLY=($(compgen -f -- "$word")); return ;;`]),
      ...(typed === '' ? [] : [`    ${typed}) return ;;`]),
    ];
    const before = lines.length === 0 ? '' : `    case "$before" in\n  ${lines.join('\n  ')}\n    esac\n`;
    return `  ${command.name})\n${before}    options=${quoted(flagsOf(command))} words=${words} files=${command.files ? 1 : 0} ;;`;
  });
  return `# bash completion for surety: source <(surety completion bash)
_surety() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" options='' words='' files=0
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W ${quoted(`${commands.map(({ name }) => name).join(' ')} --help --version`)} -- "$word"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  *) return ;;
  esac
  case "$word" in
  -*) COMPREPLY=($(compgen -W "$options" -- "$word")) ;;
  *)
    if [ "$files" -eq 1 ]; then COMPREPLY=($(compgen -f -- "$word"))
    else COMPREPLY=($(compgen -W "$words" -- "$word")); fi ;;
  esac
}
complete -o filenames -F _surety surety
`;
}

/** `surety completion zsh > "\${fpath[1]}/_surety"` */
export function zsh(commands: readonly Completed[]): string {
  const colons = (text: string) => text.replace(/[\\:]/g, (mark) => `\\${mark}`);
  const brackets = (text: string) => text.replace(/[\\[\]:]/g, (mark) => `\\${mark}`);
  const list = commands.map(({ name, text }) => `    ${quoted(`${colons(name)}:${text}`)}`);
  const cases = commands.map(({ name, options, words, files }) => {
    const specs = options.flatMap(({ flags, text, takes }) =>
      flags.map((flag) => {
        const value = takes === 'nothing' ? '' : takes === 'file' ? ':file:_files' : ':value: ';
        return quoted(`(${flags.join(' ')})${flag}[${brackets(text)}]${value}`);
      }),
    );
    const argument = files
      ? ["'1:file:_files'"]
      : words.length > 0
        ? [quoted(`1:word:(${words.join(' ')})`)]
        : [];
    return `    ${name}) _arguments ${[...specs, ...argument].join(' \\\n      ')} ;;`;
  });
  return `#compdef surety
# zsh completion for surety: put it as _surety into a folder of $fpath
_surety() {
  local -a commands=(
${list.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe -t commands command commands
    return
  fi
  local command="\${words[2]}"
  shift words
  (( CURRENT-- ))
  case "$command" in
${cases.join('\n')}
  esac
}
if [ "$funcstack[1]" = _surety ]; then _surety "$@"; else compdef _surety surety; fi
`;
}

/** `surety completion fish > ~/.config/fish/completions/surety.fish` */
export function fish(commands: readonly Completed[]): string {
  const text = (words: string) => `'${words.replace(/[\\']/g, (mark) => `\\${mark}`)}'`;
  const lines = commands.flatMap((command) => {
    const within = `complete -c surety -n '__fish_seen_subcommand_from ${command.name}'`;
    const options = command.options.map(({ flags, text: about, takes }) => {
      const named = flags.map((flag) =>
        flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
      );
      const value = takes === 'nothing' ? '' : takes === 'file' ? ' -r -F' : ' -x';
      return `${within} ${named.join(' ')}${value} -d ${text(about)}`;
    });
    const words = command.words.length === 0 ? [] : [`${within} -a ${text(command.words.join(' '))}`];
    return [
      `complete -c surety -n __fish_use_subcommand -a ${command.name} -d ${text(command.text)}`,
      ...options,
      ...words,
      ...(command.files ? [`${within} -F`] : []),
    ];
  });
  return `# fish completion for surety\ncomplete -c surety -f\n${lines.join('\n')}\n`;
}

/** `surety completion powershell | Out-String | Invoke-Expression` */
export function powershell(commands: readonly Completed[]): string {
  const text = (words: string) => `'${words.replaceAll("'", "''")}'`;
  const list = (words: readonly string[]) => `@(${words.map(text).join(', ')})`;
  const rows = commands.map(
    (command) =>
      `    ${text(command.name)} = ${list([...command.options.flatMap(({ flags }) => flags), ...command.words])}`,
  );
  const described = commands.map(({ name, text: about }) => `    ${text(name)} = ${text(about)}`);
  return `# PowerShell completion for surety: surety completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName surety -ScriptBlock {
  param($word, $line, $cursor)
  $within = @{
${rows.join('\n')}
  }
  $about = @{
${described.join('\n')}
  }
  $typed = @($line.CommandElements | ForEach-Object { $_.ToString() })
  $named = if ($typed.Count -gt 2 -or ($typed.Count -eq 2 -and $word -eq '')) { $typed[1] } else { $null }
  $offered = if ($null -eq $named) { $about.Keys } else { $within[$named] }
  $offered | Where-Object { $_ -like "$word*" } | Sort-Object | ForEach-Object {
    $tip = if ($null -eq $named) { $about[$_] } else { $_ }
    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $tip)
  }
}
`;
}
