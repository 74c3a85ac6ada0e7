/** WebSockets that a test opens, fills and breaks: `vi.stubGlobal("WebSocket", FakeSocket)`. */
export class FakeSocket {
  static readonly OPEN = 1;
  /** All that were made, in order. */
  static made: FakeSocket[] = [];

  readyState = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  readonly url: URL;

  constructor(url: string | URL) {
    this.url = new URL(url);
    FakeSocket.made.push(this);
  }

  static get last(): FakeSocket | undefined {
    return FakeSocket.made.at(-1);
  }

  opens(): void {
    this.readyState = FakeSocket.OPEN;
    this.onopen?.();
  }

  says(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  /** The other side ends it, or refuses it. */
  breaks(): void {
    this.readyState = 3;
    this.onclose?.();
  }

  /** A dead connection: the browser does not say for minutes that it is closed. */
  close(): void {
    this.readyState = 2;
  }
}
