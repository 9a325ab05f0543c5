/** Requests to a bridge as curl would send them. */
import { fullToken } from "./backend.ts";

export interface Call {
  readonly path?: string;
  readonly method?: string;
  readonly body?: string;
  readonly token?: string;
  readonly headers?: Record<string, string>;
}

export const call = (
  url: string,
  { path = "/", method = "POST", body, token = fullToken, headers = {} }: Call,
): Promise<Response> =>
  fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, ...headers },
    ...(body === undefined ? {} : { body }),
  });

export const answerTo = async (url: string, request: Call): Promise<unknown> => (await call(url, request)).json();
