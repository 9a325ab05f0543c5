/** Whether every mesh can be published to, for load balancers. Anybody may ask, so it is looked at once a second at most. */
import type { Engine } from "../engine/engine.ts";

const keepMs = 1_000;

export function createReadiness({ meshes, reconcile }: Pick<Engine, "meshes" | "reconcile">): () => Promise<boolean> {
  let last: Promise<boolean> | undefined;
  const look = async (): Promise<boolean> => {
    const agreed = await Promise.all(meshes.map((mesh) => reconcile(mesh)));
    return agreed.every(({ ok }) => ok);
  };
  return () => {
    if (last === undefined) {
      last = look();
      const forget = (): void => void setTimeout(() => (last = undefined), keepMs).unref();
      last.then(forget, forget);
    }
    return last;
  };
}
