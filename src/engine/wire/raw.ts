/** What the wire layer does not take apart: unknown protocols, fragments, malformed packets. */

/** Bytes carried as they are. `bytes` is never changed after construction. */
export interface RawPayload {
  readonly kind: 'raw';
  readonly bytes: Uint8Array;
}

/** Wraps bytes. They are kept, not copied. */
export function makeRaw(bytes: Uint8Array): RawPayload {
  return { kind: 'raw', bytes };
}
