/** The backend's process: the same small answer to everything. The PORT says where. */
import { createServer } from "node:http";

const body = "ok".padEnd(200, ".");
const headers = { "content-type": "text/plain", "content-length": body.length, "cache-control": "private, no-store" };

// A server whose turn is far off keeps its connections: closed ones would be counted against it.
createServer({ keepAliveTimeout: 0 }, (_request, response) => {
  response.writeHead(200, headers).end(body);
})
  .on("connection", (socket) => socket.setNoDelay())
  .listen(Number(process.env["PORT"]), "127.0.0.1");
