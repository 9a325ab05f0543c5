/** The least that a Worker in front of a backend can do. */
import { pathAndQueryOf } from "./url.ts";

export default {
  fetch(request: Request, env: { readonly BACKEND: string }): Promise<Response> {
    return fetch(env.BACKEND + pathAndQueryOf(request.url), request);
  },
};
