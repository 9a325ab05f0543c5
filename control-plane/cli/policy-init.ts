/** `flagmesh policy init`: a new mesh's keys and first policy, and the deployment policy that routers are deployed with. */
import path from "node:path";
import { isDeploymentName } from "../../shared/document/mesh-id.ts";
import { ed25519Type, parseVkey } from "../../shared/trust/vkey.ts";
import { createMesh } from "../deployment/create-mesh.ts";
import { openStateDirectory, type StateDirectory } from "../deployment/state-directory.ts";
import type { Call, Command } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { describePolicy, warnOfTrust } from "./policy-show.ts";
import { answer, note, refuse, type Trouble } from "./say.ts";

export const policyInit: Command = {
  name: "policy init",
  summary: "make a mesh's keys and first policy: who signs, who has to approve",
  examples: [
    "flagmesh policy init --mesh acme/production --deployment flags.example.com --host shop.example.com --threshold 2 --approver $ALICE $BEN $CI",
    "flagmesh policy init --mesh acme/staging --host staging.example.com --threshold 0",
  ],
  declare(command) {
    command
      .option("--approver <vkey...>", "public keys of those who approve, as `flagmesh keygen` prints them")
      .option(
        "--threshold <count>",
        "how many of them have to approve each revision; 0: nobody, the control plane is trusted",
      )
      .option("--override <vkey...>", "public keys whose holders may sign override tokens for testers")
      .option("--host <pattern...>", "where the mesh may answer: shop.example.com, *.example.com")
      .option("--endpoint-host <pattern...>", "hosts that its backends may have")
      .option("--binding <name...>", "service and container bindings that its backends may use")
      .option("--deployment <name>", "named like a host; needed with the first mesh of a state directory")
      .option("--state <directory>", "of the control plane: keys, policies, deployment.json", ".flagmesh")
      .option("--allow-insecure-endpoints", "a deployment for work on one machine: http and loopback", false);
  },
  async run(call) {
    const { context, global, options } = call;
    const { mesh } = global;
    const wrong = wrongUsage(call);
    if (wrong !== undefined || mesh === undefined) {
      return refuse(call, exitCodes.usage, wrong ?? { code: "mesh_missing", message: "which mesh? Pass --mesh" });
    }
    const directory = openStateDirectory(path.resolve(context.cwd, String(options["state"])));
    const policy = createMesh(directory, {
      mesh,
      deployment: options["deployment"] as string | undefined,
      hosts: listOf(options["host"]),
      endpointHosts: listOf(options["endpointHost"]),
      bindings: listOf(options["binding"]),
      approvers: { threshold: Number(options["threshold"]), keys: listOf(options["approver"]) },
      overrides: listOf(options["override"]),
      allowInsecureEndpoints: options["allowInsecureEndpoints"] === true,
    });
    if (!policy.ok) return refuse(call, exitCodes.refused, policy.error);
    const policyFile = directory.files.policy(mesh, 1);
    const { value, text } = describePolicy(policy.value);
    answer(call, { ...value, deployment: directory.files.deployment, policyFile }, text);
    warnOfTrust(call, policy.value);
    note(call, nextSteps(directory, policyFile));
    return exitCodes.fine;
  },
};

const listOf = (option: unknown): readonly string[] => (Array.isArray(option) ? (option as string[]) : []);

function wrongUsage({ options }: Call): Trouble | undefined {
  const { threshold, deployment } = options;
  if (typeof threshold !== "string" || !/^\d{1,4}$/.test(threshold)) {
    return { code: "bad_threshold", message: "--threshold is how many have to approve: a whole number" };
  }
  if (deployment !== undefined && !isDeploymentName(deployment)) {
    return { code: "bad_deployment", message: "a deployment is named like a host: flags.example.com, or local" };
  }
  if (listOf(options["host"]).length === 0) {
    return { code: "host_missing", message: "where may the mesh answer? Pass --host" };
  }
  for (const text of [...listOf(options["approver"]), ...listOf(options["override"])]) {
    if (text.startsWith("PRIVATE+KEY+")) {
      const hint = "if it was typed into a shell, it is in its history: make another";
      return { code: "private_key", message: "that is a private key: a policy has the public ones", hint };
    }
    const key = parseVkey(text);
    if (!key.ok || key.value.type !== ed25519Type) {
      const hint = "flagmesh keygen --approver NAME prints one";
      return { code: "bad_vkey", message: `${text} is no public key of type 0x01`, hint };
    }
  }
  return undefined;
}

const nextSteps = ({ path: state, files }: StateDirectory, policyFile: string): string => `
Deploy it:  cp ${files.deployment} edge/deployment.json && npx wrangler deploy
            From then on routers believe this policy's keys, and nobody else's.
Serve it:   flagmesh serve --state ${state}
            keys/ there is what signs the log: it belongs to the control plane alone.
Approve:    flagmesh approve --key FILE --policy ${policyFile}
            That file is public: approvers and CI need a copy.`;
