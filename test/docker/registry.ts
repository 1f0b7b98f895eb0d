import { createHash } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';

const manifestType = 'application/vnd.docker.distribution.manifest.v2+json';

interface Blob {
  readonly type: string;
  readonly bytes: Buffer;
}

/** A registry on loopback with one image, `app:1`, in a public and in a private place (distribution spec, pull only). */
export class FakeRegistry {
  readonly #server: Server;
  readonly #blobs = new Map<string, Blob>();
  readonly #manifest: string;
  readonly user = { name: 'user', password: 'pass' };
  /** How often the manifest was asked for by its tag: once for each pull. */
  pulls = 0;

  /** `layer`: the root filesystem as a tar archive. */
  constructor(layer: Buffer) {
    const layerDigest = this.#put('application/vnd.docker.image.rootfs.diff.tar', layer);
    const config = JSON.stringify({
      architecture: { x64: 'amd64', arm64: 'arm64' }[process.arch as string] ?? process.arch,
      os: 'linux',
      config: { Cmd: ['/bin/echo', 'hello from the image'], User: 'guest' },
      rootfs: { type: 'layers', diff_ids: [layerDigest] },
    });
    const describe = (digest: string) => {
      const { type, bytes } = this.#blobs.get(digest) ?? { type: '', bytes: Buffer.alloc(0) };
      return { mediaType: type, size: bytes.length, digest };
    };
    const manifest = {
      schemaVersion: 2,
      mediaType: manifestType,
      config: describe(this.#put('application/vnd.docker.container.image.v1+json', Buffer.from(config))),
      layers: [describe(layerDigest)],
    };
    this.#manifest = this.#put(manifestType, Buffer.from(JSON.stringify(manifest)));
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  /** Resolves with host and port. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return `127.0.0.1:${address.port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #put(type: string, bytes: Buffer): string {
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    this.#blobs.set(digest, { type, bytes });
    return digest;
  }

  #answer({ url = '', headers, method }: IncomingMessage, response: ServerResponse): void {
    const basic = Buffer.from(`${this.user.name}:${this.user.password}`).toString('base64');
    if ((url === '/v2/' || url.startsWith('/v2/private/')) && headers.authorization !== `Basic ${basic}`) {
      // Docker asks for /v2/ first: what it says there holds for the whole registry.
      if (url !== '/v2/' || headers.authorization !== undefined)
        return void response
          .writeHead(401, { 'www-authenticate': 'Basic realm="test"', 'content-type': 'application/json' })
          .end('{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}');
    }
    if (url === '/v2/') {
      const challenge = { 'www-authenticate': 'Basic realm="test"' };
      return void response.writeHead(headers.authorization ? 200 : 401, challenge).end('{}');
    }
    const [, kind, name] = /^\/v2\/(?:public|private)\/app\/(manifests|blobs)\/(.+)$/.exec(url) ?? [];
    const digest = kind === 'manifests' && name === '1' ? this.#manifest : (name ?? '');
    const blob = this.#blobs.get(digest);
    if (blob === undefined)
      return void response
        .writeHead(404, { 'content-type': 'application/json' })
        .end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}');
    if (kind === 'manifests' && name === '1') this.pulls++;
    response.writeHead(200, {
      'content-type': blob.type,
      'content-length': blob.bytes.length,
      'docker-content-digest': digest,
    });
    response.end(method === 'HEAD' ? undefined : blob.bytes);
  }
}
