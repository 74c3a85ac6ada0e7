/** Stands in front of a collector that was built without the pages: serves a folder, and passes the API on. */
import { createReadStream, existsSync, readFileSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, request, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { extname, join } from "node:path";
import type { Duplex } from "node:stream";

const TYPES: Record<string, string> = {
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
  "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

export class Pages {
  readonly url: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    // A server forgets the connections that became WebSockets.
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async serve(collector: string, dist: string): Promise<Pages> {
    const server = createServer((asked, answer) => {
      const path = new URL(asked.url ?? "/", collector).pathname;
      if (/^\/(api|readyz|healthz|metrics)(\/|$)/.test(path)) {
        const { method, headers } = asked;
        const passed = request(new URL(asked.url ?? "/", collector), { method, headers }, (got) => {
          answer.writeHead(got.statusCode ?? 502, got.headers);
          got.pipe(answer);
        });
        passed.on("error", () => asked.socket.destroy());
        asked.pipe(passed);
        return;
      }
      const file = join(dist, path);
      const prefix = String(asked.headers["x-forwarded-prefix"] ?? "");
      if (path !== "/" && existsSync(file) && statSync(file).isFile()) {
        answer.writeHead(200, { "Content-Type": TYPES[extname(file)] ?? "application/octet-stream" });
        createReadStream(file).pipe(answer);
      } else {
        answer.writeHead(200, { "Content-Type": "text/html", "Content-Security-Policy": POLICY });
        const page = readFileSync(join(dist, "index.html"), "utf8");
        answer.end(
          page.replaceAll('="./', `="${prefix}/`).replace('base" content="/"', `base" content="${prefix}/"`),
        );
      }
    });
    server.on("upgrade", (asked: IncomingMessage, socket: Duplex, head: Buffer) => {
      const passed = request(new URL(asked.url ?? "/", collector), { headers: asked.headers });
      passed.on("upgrade", (got, other, first) => {
        const lines = Object.entries(got.headers).map(([name, value]) => `${name}: ${value}`);
        socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join("\r\n")}\r\n\r\n`);
        socket.write(first);
        other.write(head);
        other.on("error", () => socket.destroy());
        socket.on("error", () => other.destroy());
        socket.pipe(other).pipe(socket);
      });
      passed.on("response", () => socket.destroy());
      passed.on("error", () => socket.destroy());
      passed.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new Pages(server);
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) {
      socket.destroy();
    }
    await closed;
  }
}
