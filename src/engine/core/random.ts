/**
 * Seeded randomness: the only source of chance inside a world, so that a lab replays to the same bytes.
 * Generator: sfc32 (Chris Doty-Humphrey, PractRand); seeding: FNV-1a over the label.
 */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private d = 1;

  /** @param seed any text; equal seeds give equal sequences. */
  constructor(private readonly seed: string) {
    const mix = (salt: number): number => {
      let h = 0x811c9dc5 ^ salt;
      for (let i = 0; i < seed.length; i++) h = Math.imul(h ^ seed.charCodeAt(i), 0x01000193);
      return h >>> 0;
    };
    this.a = mix(0x9e3779b9);
    this.b = mix(0x243f6a88);
    this.c = mix(0xb7e15162);
    for (let i = 0; i < 12; i++) this.uint32();
  }

  /** Next unsigned 32-bit integer. */
  uint32(): number {
    const t = (((this.a + this.b) | 0) + this.d) | 0;
    this.d = (this.d + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + t) | 0;
    return t >>> 0;
  }

  /** Integer in [0, bound). `bound` must be a positive integer below 2^32. */
  below(bound: number): number {
    return Math.floor((this.uint32() / 0x1_0000_0000) * bound);
  }

  /** Float in [0, 1). */
  float(): number {
    return this.uint32() / 0x1_0000_0000;
  }

  /** `n` random bytes. */
  bytes(n: number): Uint8Array {
    const out = new Uint8Array(n);
    for (let i = 0; i < n; i += 4) {
      const v = this.uint32();
      for (let j = i; j < Math.min(i + 4, n); j++) out[j] = v >>> (8 * (j - i));
    }
    return out;
  }

  /** An independent generator, so that one consumer's draws do not move another's sequence. */
  fork(label: string): Random {
    return new Random(`${this.seed}/${label}`);
  }
}
