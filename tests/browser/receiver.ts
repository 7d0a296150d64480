/** A stand-in for the other side of an export: it takes webhooks, and can be told to refuse. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the stories look at in a message (in the hub's own format). */
export interface Message {
  id: string;
  event_type: string;
}

export class FakeReceiver {
  readonly url: string;
  /** What it took, in the order in which it came. */
  readonly taken: Message[] = [];
  /** The status with which a batch that holds such a message is answered; 422 sets a message aside, others hold up all. */
  refuse: (message: Message) => number | undefined = () => undefined;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  }

  static async start(): Promise<FakeReceiver> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const it = new FakeReceiver(server);
    server.on('request', (request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const messages = JSON.parse(Buffer.concat(parts).toString()) as Message[];
        const status = messages.map((message) => it.refuse(message)).find((one) => one !== undefined);
        if (status === undefined) it.taken.push(...messages);
        response.writeHead(status ?? 204).end();
      });
    });
    return it;
  }

  /** An export to it, as the API takes it. */
  export(name: string): Record<string, unknown> {
    return { name, format: 'json', transport: { kind: 'webhook', url: this.url }, credentials: { signing_key: `whsec_${'A'.repeat(43)}=` } };
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
