/** A proxy with the router's header rules, and nothing else of the router. */
import { proxyHeaders } from "./header-rules.ts";
import { pathAndQueryOf } from "./url.ts";

export default {
  fetch(request: Request, env: { readonly BACKEND: string }): Promise<Response> {
    const { method, body } = request;
    return fetch(env.BACKEND + pathAndQueryOf(request.url), {
      method,
      body,
      headers: proxyHeaders(request),
      redirect: "manual",
    });
  },
};
