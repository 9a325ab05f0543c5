/** A mesh's name, `tenant/environment`, and the origin of its log, `<deployment>/<tenant>/<environment>`. */
declare const meshIdBrand: unique symbol;
export type MeshId = string & { readonly [meshIdBrand]: true };

const label = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const meshIdPattern = new RegExp(`^${label}/${label}$`);
/** A deployment is named like a host, with or without dots; C2SP asks for a schema-less URL that its owner controls. */
const deploymentPattern = new RegExp(`^${label}(?:\\.${label})*$`);

export const isMeshId = (text: unknown): text is MeshId => typeof text === "string" && meshIdPattern.test(text);

export const isDeploymentName = (text: unknown): text is string =>
  typeof text === "string" && text.length <= 253 && deploymentPattern.test(text);

export const originOf = (deployment: string, mesh: MeshId): string => `${deployment}/${mesh}`;

/** The mesh that an origin is of, or `undefined` where the text is no origin. */
export function meshOfOrigin(origin: string): MeshId | undefined {
  const slash = origin.indexOf("/");
  const mesh = origin.slice(slash + 1);
  return slash > 0 && isDeploymentName(origin.slice(0, slash)) && isMeshId(mesh) ? mesh : undefined;
}
