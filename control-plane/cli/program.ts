/** The command line: declares the commands, reads the arguments, runs one. */
import path from "node:path";
import { Command as Program, CommanderError, InvalidArgumentError, Option } from "commander";
import { isMeshId, type MeshId } from "../../shared/document/mesh-id.ts";
import type { Call, Command, Format, GlobalOptions } from "./command.ts";
import type { Context } from "./context.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";

const formats: readonly Format[] = ["text", "json", "sarif"];

const exitHelp = `
Exit codes:
  0 fine                   1 findings, or refused       2 wrong usage
  3 lock missing           4 lock drifted               5 tampered, or a bad signature
  6 not approved           7 conflict                   8 unreachable`;

/** Runs what the arguments (without the program's name) ask for. Never throws, and never ends the process. */
export async function runCli(
  args: readonly string[],
  commands: readonly Command[],
  context: Context,
  version: string,
): Promise<ExitCode> {
  let exit: ExitCode = exitCodes.fine;
  const program = createProgram(commands, context, version, async (command, declared, commandArgs) => {
    exit = await run(command, declared, commandArgs, context);
  });
  try {
    await program.parseAsync([...args], { from: "user" });
    return exit;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.fine : exitCodes.usage;
    context.stderr.write(`flagmesh: internal error: ${error instanceof Error ? error.message : "unknown"}\n`);
    if (context.env["FLAGMESH_DEBUG"] && error instanceof Error) context.stderr.write(`${error.stack}\n`);
    return exitCodes.refused;
  }
}

/** Commands of two words, `policy init`, stand in a group that is named by the first. */
const groups: Readonly<Record<string, string>> = {
  policy: "make and show a mesh's policy: who signs, who has to approve",
};

function declarationOf(program: Program, { name, summary }: Command): Program {
  const [first = "", second] = name.split(" ");
  if (second === undefined) return program.command(first).summary(summary).description(summary);
  const group = program.commands.find((known) => known.name() === first) ?? program.command(first);
  group.summary(groups[first] ?? "").description(groups[first] ?? "");
  return group.command(second).summary(summary).description(summary);
}

type Invoke = (command: Command, declared: Program, args: readonly (string | undefined)[]) => Promise<void>;

function createProgram(commands: readonly Command[], context: Context, version: string, invoke: Invoke): Program {
  const program = new Program("flagmesh")
    .description("Release features by routing traffic at the edge, and serve only what was approved.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print the help of a command")
    .addOption(new Option("--mesh <tenant/environment>", "the mesh").argParser(parseMeshOption))
    .option("--dir <directory>", "where mesh.yaml, flags/ and flagmesh.lock are", ".")
    .addOption(new Option("--format <format>", "of what is printed on stdout").choices(formats).default("text"))
    .option("--url <url>", "of the control plane (or FLAGMESH_URL)")
    .option("--token <token>", "for the control plane (or FLAGMESH_TOKEN, which other users of the machine can't see)")
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: context.stdout.write,
      writeErr: context.stderr.write,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .showHelpAfterError("(flagmesh --help lists commands and options)")
    .exitOverride()
    .addHelpText("after", exitHelp);
  for (const command of commands) {
    const declared = declarationOf(program, command);
    declared.addHelpText("after", `\nExamples:\n${command.examples.map((line) => `  $ ${line}`).join("\n")}`);
    command.declare?.(declared);
    declared.action(async () => invoke(command, declared, declared.processedArgs as (string | undefined)[]));
  }
  return program;
}

function parseMeshOption(text: string): MeshId {
  if (isMeshId(text)) return text;
  throw new InvalidArgumentError("Expected tenant/environment, each of a-z, 0-9 and inner hyphens.");
}

interface ParsedGlobals {
  readonly mesh?: MeshId;
  readonly dir: string;
  readonly format: Format;
  readonly url?: string;
  readonly token?: string;
}

async function run(
  command: Command,
  declared: Program,
  args: readonly (string | undefined)[],
  context: Context,
): Promise<ExitCode> {
  const parsed = declared.optsWithGlobals<ParsedGlobals>();
  const known = command.formats ?? ["text", "json"];
  if (!known.includes(parsed.format)) {
    context.stderr.write(`flagmesh: ${command.name} prints ${known.join(" or ")}, not ${parsed.format}\n`);
    return exitCodes.usage;
  }
  const url = parsed.url ?? context.env["FLAGMESH_URL"];
  const token = parsed.token ?? context.env["FLAGMESH_TOKEN"];
  const global: GlobalOptions = {
    ...(parsed.mesh === undefined ? {} : { mesh: parsed.mesh }),
    dir: path.resolve(context.cwd, parsed.dir),
    format: parsed.format,
    ...(url === undefined || url === "" ? {} : { url }),
    ...(token === undefined || token === "" ? {} : { token }),
  };
  const call: Call = { context, global, args, options: declared.opts() };
  return command.run(call);
}
