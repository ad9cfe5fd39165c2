// Inputs that ask for more than they are worth, and the answer that each must get.
import { deflateSync } from "node:zlib";
import type { Limits, SampleOptions } from "../../../src/index.js";
import * as make from "./bytes.js";

const { u32, fullBox, box } = make;

/** One input and the right answer. */
export interface HostileCase {
  readonly name: string;
  readonly bytes: () => Buffer;
  readonly limits?: Limits;
  readonly sample?: SampleOptions;
  /**
   * Without `ERR_UNREEL_`; several where the bytes may rightly be called either. `NO_FRAMES` where the lie costs nothing:
   * the pictures in these files are none.
   */
  readonly code: string | readonly string[];
  readonly limit?: string;
  /** Peak memory above that of a process that opens nothing; 48 MiB unless told. */
  readonly capMb?: number;
}

const limit = (name: string) => ({ code: "LIMIT_EXCEEDED", limit: name });
const side = 65_535;
const billion = 1_000_000_000;
const most = 0xffff_ffff;

const nested = (types: readonly string[], depth: number, inmost: Buffer) => {
  // Sizes are written from the inside out; each box holds the next.
  const heads: Buffer[] = [];
  for (let i = 0, size = inmost.length; i < depth; i++) {
    size += 8;
    heads.push(Buffer.concat([u32(size), Buffer.from(types[(depth - 1 - i) % types.length] ?? "trak", "latin1")]));
  }
  return Buffer.concat([...heads.reverse(), inmost]);
};

const pixels: readonly HostileCase[] = [
  { name: "MP4 of 65,535 x 65,535", bytes: () => make.mp4([{ width: side, height: side }]), ...limit("maxPixels") },
  { name: "PNG of 65,535 x 65,535", bytes: () => make.png(side, side), ...limit("maxPixels") },
  { name: "PNG of 2^31 - 1 x 2^31 - 1", bytes: () => make.png(0x7fffffff, 0x7fffffff), ...limit("maxPixels") },
  { name: "BMP of 65,535 x 65,535", bytes: () => make.bmp(side, side), ...limit("maxPixels") },
  { name: "WebP of 16,384 x 16,384", bytes: () => make.webp(16_384, 16_384), ...limit("maxPixels") },
  { name: "WebP of 2^24 x 2^24", bytes: () => make.extendedWebp(1 << 24, 1 << 24), ...limit("maxPixels") },
  { name: "GIF of 65,535 x 65,535", bytes: () => make.gif(side, side, 1), ...limit("maxPixels") },
  {
    name: "Matroska of 65,535 x 65,535",
    bytes: () => make.matroska([make.matroskaTrack(1, side, side)]),
    ...limit("maxPixels"),
  },
];

/** A list of 65,535 fragments of 16 bytes, which begins so many bytes behind itself. */
const sidx = (at: number) =>
  fullBox("sidx", 0, u32(1, 25, 0, at), make.u16(0, 65_535), Buffer.alloc(12 * 65_535, u32(16, 1, 0)));

const tables: readonly HostileCase[] = [
  {
    name: "stsz: 10^9 samples of one size",
    bytes: () => make.mp4([{ stsz: u32(16, billion), stsc: u32(1, 1, billion, 1), stts: u32(1, billion, 1) }]),
    ...limit("maxIndexEntries"),
  },
  {
    name: "stsz: 10^9 sizes, none there",
    bytes: () => make.mp4([{ stsz: u32(0, billion) }]),
    ...limit("maxIndexEntries"),
  },
  {
    name: "stsz: 18 million samples of one size",
    bytes: () => make.mp4([{ stsz: u32(16, 18e6), stsc: u32(1, 1, 18e6, 1), stts: u32(1, 18e6, 1) }]),
    limits: { maxMemoryBytes: 2 ** 28 },
    ...limit("maxMemoryBytes"),
  },
  {
    name: "stts: 2^32 - 1 entries, one there",
    bytes: () => make.mp4([{ stts: u32(most, 1, 1) }]),
    ...limit("maxIndexEntries"),
  },
  {
    name: "ctts: 2^32 - 1 entries, one there",
    bytes: () => make.mp4([{ ctts: u32(most, 1, 1) }]),
    ...limit("maxIndexEntries"),
  },
  {
    name: "stss: 2^31 entries, one there",
    bytes: () => make.mp4([{ stss: u32(0x80000000, 1) }]),
    ...limit("maxIndexEntries"),
  },
  {
    name: "sbgp: 2^32 - 1 entries, none there",
    bytes: () => make.mp4([{ more: [fullBox("sbgp", 0, "sync", u32(most))] }]),
    ...limit("maxIndexEntries"),
  },
  {
    name: "sgpd: 2^32 - 1 entries, none there",
    bytes: () => make.mp4([{ more: [fullBox("sgpd", 0, "sync", u32(most))] }]),
    ...limit("maxIndexEntries"),
  },
  {
    name: "stts and ctts: 2^32 - 1 samples in one entry",
    bytes: () => make.mp4([{ stts: u32(1, most, 1), ctts: u32(1, most, 1) }]),
    code: "NO_FRAMES",
  },
  {
    name: "ctts and sync groups of HEVC: 2 x 10^8 samples in one entry",
    bytes: () =>
      make.mp4([{ format: "hvc1", ctts: u32(1, 2e8, 1), more: [fullBox("sbgp", 0, "sync", u32(1, 2e8, 1))] }]),
    ...limit("maxIndexEntries"),
  },
  {
    name: "stco: 2^32 - 1 chunks, one there",
    bytes: () => make.mp4([{ stco: u32(most, 48) }]),
    code: "NO_FRAMES",
  },
  {
    name: "PCM sound: four chunks of 2^32 - 1 samples",
    bytes: () =>
      make.mp4([
        {},
        {
          handler: "soun",
          format: "sowt",
          stsz: u32(2, 4),
          stts: u32(1, 4, 1),
          stsc: u32(1, 1, most, 1),
          stco: u32(8, ...new Array<number>(8).fill(48)),
        },
      ]),
    ...limit("maxIndexEntries"),
  },
  {
    name: "elst: 2^32 - 1 edits, one there",
    bytes: () => make.mp4([{ elst: u32(most, 25, 0, 0x10000) }]),
    code: "NO_FRAMES",
  },
  {
    name: "elst: 4,000 edits of a million samples",
    bytes: () =>
      make.mp4([
        {
          stsz: u32(1, 1e6),
          stsc: u32(1, 1, 1e6, 1),
          stts: u32(1, 1e6, 0),
          elst: u32(4000, ...new Array<number[]>(4000).fill([25, 0, 0x10000]).flat()),
        },
      ]),
    ...limit("maxIndexEntries"),
  },
  {
    name: "trun: 10^9 samples without a field",
    bytes: () => make.fragmentedMp4(fullBox("trun", 1, u32(billion, 0))),
    ...limit("maxIndexEntries"),
  },
  {
    name: "trun: 50 times 10^6 samples without a field",
    bytes: () => make.fragmentedMp4(...new Array<Buffer>(50).fill(fullBox("trun", 1, u32(1e6, 0)))),
    ...limit("maxIndexEntries"),
  },
  {
    name: "sidx: thirty lists of 65,535 fragments for 64 tracks",
    bytes: () => {
      const lists = Array.from({ length: 30 }, (_, i) => sidx(i << 20));
      return Buffer.concat([make.mp4(new Array(64).fill({})), ...lists]);
    },
    ...limit("maxMemoryBytes"),
  },
  {
    name: "sidx: thirty lists of 65,535 fragments, each before the last",
    bytes: () => Buffer.concat([make.mp4([{}]), ...Array.from({ length: 30 }, (_, i) => sidx((29 - i) << 21))]),
    ...limit("maxIndexEntries"),
  },
  {
    name: "stsz in a header behind compression",
    bytes: () => {
      const table = { stsz: u32(16, 4e7), stsc: u32(1, 1, 4e7, 1), stts: u32(1, 4e7, 1) };
      return make.compressedMp4(Buffer.concat([make.mvhd, make.trak(1, table)]));
    },
    ...limit("maxIndexEntries"),
  },
  {
    name: "a compressed header that claims 4 GiB",
    bytes: () => make.compressedMp4(make.mvhd, most),
    ...limit("maxMemoryBytes"),
  },
  {
    name: "tables of a track outside of every header",
    bytes: () => {
      const track = make.trak(1, { stsz: u32(16, 4e7), stsc: u32(1, 1, 4e7, 1), stts: u32(1, 4e7, 1) });
      return Buffer.concat([make.ftyp, track, make.mp4([{}]).subarray(make.ftyp.length)]);
    },
    ...limit("maxIndexEntries"),
  },
];

const streams: readonly HostileCase[] = [
  { name: "MP4 of 65 tracks", bytes: () => make.mp4(new Array(65).fill({})), ...limit("maxStreams") },
  { name: "MP4 of 5,000 tracks", bytes: () => make.mp4(new Array(5000).fill({})), ...limit("maxStreams") },
  {
    name: "Matroska of 65 tracks",
    bytes: () => make.matroska(Array.from({ length: 65 }, (_, i) => make.matroskaTrack(i + 1, 64, 48))),
    ...limit("maxStreams"),
  },
  {
    name: "Matroska of 5,000 tracks",
    bytes: () => make.matroska(Array.from({ length: 5000 }, (_, i) => make.matroskaTrack(i + 1, 64, 48))),
    ...limit("maxStreams"),
  },
];

const shapes: readonly HostileCase[] = [
  {
    name: "boxes nested 100,000 deep",
    bytes: () =>
      Buffer.concat([make.ftyp, nested(["moov", "trak", "mdia", "minf", "stbl"], 100_000, box("stsz", u32(0, 16, 1)))]),
    code: ["TRUNCATED", "NO_VIDEO"],
  },
  {
    name: "trak nested in trak 100,000 deep",
    bytes: () => Buffer.concat([make.ftyp, box("moov", nested(["trak"], 100_000, Buffer.alloc(0)))]),
    code: ["TRUNCATED", "NO_VIDEO"],
  },
  {
    name: "moof and traf nested 100,000 deep behind a header",
    bytes: () => Buffer.concat([make.mp4([{}]), nested(["moof", "traf"], 100_000, Buffer.alloc(0))]),
    code: "TRUNCATED",
  },
  ...["moov", "trak", "stbl", "mdat", "free"].flatMap((type) =>
    [0, 1].map((size) => ({
      name: `a box ${type} of size ${size}`,
      bytes: () => {
        const bytes = make.mp4([{}]);
        bytes.writeUInt32BE(size, bytes.indexOf(type === "free" ? "mvhd" : type, 0, "latin1") - 4);
        return bytes;
      },
      code: ["TRUNCATED", "NO_VIDEO", "NO_FRAMES", "CODEC_UNSUPPORTED"],
    })),
  ),
  {
    name: "a megabyte of boxes of size 8",
    bytes: () => {
      const boxes = Buffer.concat([make.ftyp, ...new Array<Buffer>(131_072).fill(box("free"))]);
      return Buffer.concat([boxes, make.mp4([{}]).subarray(make.ftyp.length)]);
    },
    code: "NO_FRAMES",
  },
];

const claims: readonly HostileCase[] = [
  {
    name: "MP4 of 100,000 s",
    bytes: () => make.mp4([{ duration: 2_500_000n, stts: u32(1, 1, 2_500_000) }]),
    ...limit("maxDurationUs"),
  },
  { name: "MP4 of 2^62 s", bytes: () => make.mp4([{ duration: 1n << 62n, timescale: 1 }]), code: "NO_FRAMES" },
  {
    name: "Matroska of 10^300 ms",
    bytes: () => make.matroska([make.matroskaTrack(1, 64, 48)], { duration: 1e300 }),
    code: "NO_FRAMES",
  },
  {
    name: "Matroska with a block of 2^40 bytes",
    bytes: () => make.matroska([make.matroskaTrack(1, 64, 48)], { clusterSize: 2 ** 40 }),
    code: "NO_FRAMES",
  },
  {
    name: "Matroska with a block of 900 MiB",
    bytes: () => make.matroska([make.matroskaTrack(1, 64, 48)], { clusterSize: 900 << 20 }),
    code: "NO_FRAMES",
  },
  { name: "FLV: 2^27 + 1 key frames in its list", bytes: () => make.flv(2 ** 27 + 1), code: "NOT_MEDIA" },
  { name: "FLV: 10^8 key frames in its list", bytes: () => make.flv(1e8), code: "NOT_MEDIA" },
];

const counts: readonly HostileCase[] = [
  {
    name: "GIF of 20,000 pictures",
    bytes: () => make.gif(1, 1, 20_000),
    limits: { maxFrames: 10_000 },
    ...limit("maxFrames"),
  },
  {
    name: "GIF of 200,000 pictures",
    bytes: () => make.gif(1, 1, 200_000),
    limits: { maxMemoryBytes: 2 ** 22 },
    ...limit("maxMemoryBytes"),
  },
  {
    name: "GIF of 20,000 pictures, packets",
    bytes: () => make.gif(1, 1, 20_000),
    limits: { maxIndexEntries: 10_000 },
    ...limit("maxIndexEntries"),
  },
];

const bomb = (bytes: number) => deflateSync(Buffer.alloc(bytes), { level: 9 });

const bombs: readonly HostileCase[] = [
  {
    name: "PNG with eight texts of 300 MB each",
    bytes: () => {
      const text = make.pngChunk("zTXt", "Comment\0\0", bomb(300e6));
      return make.png(64, 48, ...new Array<Buffer>(8).fill(text));
    },
    ...limit("maxMemoryBytes"),
  },
  {
    name: "PNG with a colour profile of 900 MB",
    bytes: () => make.png(64, 48, make.pngChunk("iCCP", "Profile\0\0", bomb(900e6))),
    limits: { maxMemoryBytes: 2 ** 28 },
    ...limit("maxMemoryBytes"),
  },
];

export const families: Readonly<Record<string, readonly HostileCase[]>> = {
  pixels,
  tables,
  streams,
  shapes,
  claims,
  counts,
  bombs,
};
