import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { expected, messageOf } from '@tfjs-distill/core';

export interface MetricsServer {
  readonly port: number;
  close(): void;
}

/**
 * Serves measurements to Prometheus at `/metrics`, to every machine of the network.
 *
 * @param port 0 takes a free one.
 * @throws DistillError `OPTION` if the port is taken.
 */
export async function serveMetrics(port: number, text: () => Promise<string>): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') return void response.writeHead(404).end();
    text().then(
      (body) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(body),
      (error: unknown) => response.writeHead(500).end(messageOf(error)),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(expected('--metrics-port', `free (${error.message})`, port)));
    server.listen(port, resolve);
  });
  server.unref();
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
