/** `POST /.well-known/flagmesh/hub`: anybody may tell of a new head, `{"head", "fresh"}`. It authenticates itself. */
import * as v from "valibot";
import { limits } from "../../shared/limits.ts";
import { problem } from "../problem.ts";
import type { MeshSource } from "../source/mesh-source.ts";

const newsSchema = v.strictObject({ head: v.string(), fresh: v.nullable(v.string()) });
/** JSON escapes quotes and newlines: at most twice the length, and a little. */
const newsBytesMax = 2 * limits.headBytesMax + 4_096;

export async function tellHub(request: Request, { hub }: MeshSource): Promise<Response> {
  if (hub === undefined) return problem("no_hub", "this router's isolates poll the store");
  if (request.method !== "POST") return problem("news_malformed", 'POST {"head", "fresh"}');
  const length = Number(request.headers.get("content-length") ?? Number.NaN);
  if (!(length <= newsBytesMax)) return problem("news_malformed", `send a Content-Length of at most ${newsBytesMax}`);
  const news = v.safeParse(newsSchema, await request.json().catch(() => undefined));
  if (!news.success) return problem("news_malformed", 'POST {"head", "fresh"}');
  const told = await hub.tell(news.output);
  switch (told.outcome) {
    case "accepted":
    case "known":
      return Response.json(told);
    case "refused":
      return problem("news_refused", `${told.code}: ${told.message}`);
    case "busy":
      return problem("hub_busy", "try again in a second", 1);
  }
}
