/** The media type under which kubectl asks for OpenAPI v2; it takes no other. */
export const v2ProtobufType = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

/**
 * OpenAPI v2 as protobuf (gnostic's openapi.v2.Document) without definitions: `swagger` is field 1, `info` is field 2
 * with `title` and `version`. kubectl falls back on this document for kinds that v3 does not know; finding nothing in
 * it, it leaves the validation to the server, whose answer is the clear one.
 */
export function v2Protobuf(title: string, version: string): Buffer {
  const info = Buffer.concat([field(1, title), field(2, version)]);
  return Buffer.concat([field(1, '2.0'), field(2, info)]);
}

/** A length-delimited field; all lengths here fit one byte. */
function field(number: number, content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
}
