/** Server-sent events of an answer to `fetch`: the one place that reads them. */
import { EventSourceParserStream } from 'eventsource-parser/stream';

export interface Sent {
  id: string | undefined;
  event: string | undefined;
  data: string;
}

/** With no byte for so long a stream is taken for dead; the hub sends a comment every 15 s. */
export const SILENCE = 40_000;

/** Calls `dead` once nothing was heard for so long. */
export function watchdog(dead: () => void, silence = SILENCE) {
  let alarm = setTimeout(dead, silence);
  return {
    heard: () => {
      clearTimeout(alarm);
      alarm = setTimeout(dead, silence);
    },
    stop: () => clearTimeout(alarm),
  };
}

/** The events of a stream, until it ends; it fails where the stream does. Whoever stops reading lets go of the stream. */
export async function* serverSent(body: ReadableStream<Uint8Array>, heard: () => void): AsyncGenerator<Sent> {
  const bytes = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, out) {
      heard();
      out.enqueue(chunk);
    },
  });
  const events = body
    .pipeThrough(bytes)
    .pipeThrough(new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array>)
    .pipeThrough(new EventSourceParserStream());
  const reader = events.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      if (value.data) yield { id: value.id, event: value.event, data: value.data };
    }
  } finally {
    void reader.cancel().catch(() => undefined);
  }
}
