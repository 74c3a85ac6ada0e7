/** A small reverse proxy, as people put one in front of a collector: it serves it below a path. */
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";

export class ReverseProxy {
  /** Where browsers find the collector; ends with the prefix. */
  readonly url: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #line: Line;

  private constructor(server: Server, prefix: string, line: Line) {
    this.#line = line;
    const { port } = server.address() as AddressInfo;
    this.#server = server;
    // A server forgets the connections that became WebSockets.
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    this.url = `http://127.0.0.1:${port}${prefix}`;
  }

  /** Serves `target` below `prefix` (`/playback`), and nothing else. */
  static async serve(target: string, prefix: string): Promise<ReverseProxy> {
    const line: Line = { isDead: false, swallowed: 0 };
    const server = createServer((asked, answer) => {
      if (line.isDead) {
        line.swallowed += 1;
      } else {
        forward(target, prefix, asked, answer);
      }
    });
    server.on("upgrade", (asked: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (line.isDead) {
        line.swallowed += 1;
      } else {
        upgrade(target, prefix, line, asked, socket, head);
      }
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new ReverseProxy(server, prefix, line);
  }

  /** From now on nothing gets through, and nobody is told: as when a cable is cut, or a firewall forgets a connection. */
  cut(): void {
    this.#line.isDead = true;
  }

  /** How many requests came while nothing got through. */
  get swallowed(): number {
    return this.#line.swallowed;
  }

  /** New connections get through again. */
  mend(): void {
    this.#line.isDead = false;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) {
      socket.destroy();
    }
    await closed;
  }
}

/** What all connections go through. */
interface Line {
  isDead: boolean;
  swallowed: number;
}

/** The request to the collector; none for what is not below the prefix. */
function passedOn(target: string, prefix: string, asked: IncomingMessage) {
  const path = asked.url ?? "/";
  if (path !== prefix && !path.startsWith(`${prefix}/`)) {
    return undefined;
  }
  const headers = { ...asked.headers, "x-forwarded-prefix": prefix, "x-forwarded-host": asked.headers.host };
  return request(new URL(path.slice(prefix.length) || "/", target), { method: asked.method, headers });
}

function forward(target: string, prefix: string, asked: IncomingMessage, answer: ServerResponse): void {
  const passed = passedOn(target, prefix, asked);
  if (passed === undefined) {
    answer.writeHead(404).end("not below the prefix");
    return;
  }
  passed.on("response", (got) => {
    answer.writeHead(got.statusCode ?? 502, got.headers);
    got.pipe(answer);
  });
  passed.on("error", () => {
    if (!answer.headersSent) {
      answer.writeHead(502);
    }
    answer.end();
  });
  asked.pipe(passed);
}

function upgrade(
  target: string,
  prefix: string,
  line: Line,
  asked: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  const passed = passedOn(target, prefix, asked);
  if (passed === undefined) {
    socket.destroy();
    return;
  }
  passed.on("upgrade", (got, other, first) => {
    const fields = got.rawHeaders.reduce<string[]>((lines, text, at) => {
      lines.push(at % 2 === 0 ? text : `${lines.pop()}: ${text}`);
      return lines;
    }, []);
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${fields.join("\r\n")}\r\n\r\n`);
    socket.write(first);
    other.write(head);
    socket.on("error", () => other.destroy());
    other.on("error", () => socket.destroy());
    join(socket, other, line);
  });
  // Refused: the answer is passed on, and the connection ends.
  passed.on("response", (got) => {
    socket.end(`HTTP/1.1 ${got.statusCode} ${got.statusMessage}\r\n\r\n`);
  });
  passed.on("error", () => socket.destroy());
  passed.end();
}

/** Passes on what either side says until the line is dead. */
function join(one: Duplex, other: Duplex, line: Line): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.on("data", (data: Buffer) => {
      if (line.isDead) {
        from.pause();
      } else {
        to.write(data);
      }
    });
    from.on("end", () => line.isDead || to.end());
    from.on("close", () => line.isDead || to.destroy());
  }
}
