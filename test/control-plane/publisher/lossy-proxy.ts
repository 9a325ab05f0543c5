/** A way to the bridge on which answers get lost: the request arrives, and the connection ends without a word. */
import { createServer, request, type IncomingMessage } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

export interface LossyProxy {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** @param losesAnswer asked for each request, in the order in which they arrive */
export async function startLossyProxy(target: string, losesAnswer: (body: string) => boolean): Promise<LossyProxy> {
  const server = createServer((incoming, outgoing) => {
    void forward(incoming).catch(() => outgoing.destroy());
    async function forward(from: IncomingMessage): Promise<void> {
      const body = await textOf(from);
      const loses = losesAnswer(body);
      const { host: _, connection: __, ...headers } = from.headers;
      const sent = request(target + (from.url ?? "/"), { method: from.method, headers });
      sent.end(body);
      const [answer] = (await once(sent, "response")) as [IncomingMessage];
      const answerBody = await textOf(answer);
      if (loses) outgoing.destroy();
      else outgoing.writeHead(answer.statusCode ?? 502, answer.headers).end(answerBody);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
