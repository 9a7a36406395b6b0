// What `surety init` writes: the smallest installation that works, with a server that anyone can run.
// A test loads it, so that the first thing a person sees has no errors in it.

/** The files of a new folder, by path. `name` names the installation; what cannot stand in an origin is left out. */
export function template(name: string): Readonly<Record<string, string>> {
  const origin =
    name
      .toLowerCase()
      .replace(/[^a-z0-9.-]+/g, '-')
      .replace(/^[-.]+|[-.]+$/g, '')
      .slice(0, 64) || 'example';
  return {
    'surety.yaml': installation(origin),
    'files/read-me.txt': readMe,
    'policies/files.cedar': policy,
    'outcomes/no-silent-change.yaml': outcome,
  };
}

const installation = (
  origin: string,
): string => `# One installation of Surety. Every key: docs/configuration.md
origin: ${origin}/surety          # the name of this log in its signed heads; keep it for ever

servers:
  # The official filesystem server. It sees the folder \`files\` beside this file, and nothing else.
  # Take any MCP server: \`stdio\` runs a command, \`http\` calls an address, secrets are \`\${NAME}\`.
  # What its tools say of themselves is kept from agents until a person approved it: docs/pins.md
  files: { stdio: [npx, --yes, "@modelcontextprotocol/server-filesystem", files] }

tools:
  # What each tool does. A tool without a label is unknown, and unknown is refused.
  files.list_allowed_directories: { effect: read }
  files.list_directory: { effect: read }
  files.read_text_file: { effect: read }
  files.write_file: { effect: write }

people:
  # Who approves signs with a key: its public half goes into \`keys\`, as "ed25519:BASE64".
  - { id: you@example.com, name: You, functions: [operations], keys: [] }

agents:
  assistant: { owner: you@example.com }
`;

const readMe = 'The agent may read this folder. To change a file in it, it needs a person.\n';

const policy = `// Who may call what. Nothing is permitted unless a policy permits it, and \`forbid\` always wins.
@id("reads")
permit (
  principal == Agent::"assistant",
  action in [
    Action::"files.list_allowed_directories",
    Action::"files.list_directory",
    Action::"files.read_text_file"
  ],
  resource in Server::"files"
);

// Permitted, and still held by the checkpoint in outcomes/no-silent-change.yaml until a person approves.
@id("writes")
permit (
  principal == Agent::"assistant",
  action == Action::"files.write_file",
  resource in Server::"files"
);
`;

const outcome = `# One sentence that must stay true, and the one person who answers for it.
outcome: no-silent-change
statement: No file is changed unless a person approved that very change.
owner: you@example.com
checkpoints:
  - id: approved
    before: files.write_file
    approve: { function: operations, count: 1 }
needs: { rung: C1, window: 1d }
`;
